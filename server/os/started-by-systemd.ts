import { CouldNotDecide } from '../../verifier/bytes/failures.ts';
import { run } from './run.ts';

/** What a service tells the service manager that started it (sd_notify(3)). Each is done when the manager has taken it. */
export interface ServiceManager {
  /** Start-up, or a reload, is complete. @param status one line for `systemctl status`. */
  readonly ready: (status: string) => Promise<void>;
  readonly reloading: () => Promise<void>;
  readonly stopping: () => Promise<void>;
}

/** The environment as the service manager sets it. */
export type ServiceEnvironment = Readonly<Record<string, string | undefined>>;

/** The first descriptor that is handed over (sd_listen_fds(3)). */
const firstDescriptor = 3;

const notifyTimeoutMs = 5_000;

/**
 * The manager that started us; does nothing where there is none, or it wants to hear nothing.
 *
 * The messages are datagrams to a socket of the address family AF_UNIX, which Node.js cannot send: systemd-notify(1) sends
 * them. It waits until the manager has taken the message, so the manager still finds the unit of a process that is about
 * to end; the unit needs `NotifyAccess=all`, since it is not our main process that speaks.
 *
 * @param failed hears of messages that could not be sent. Nothing else comes of it: the manager draws its own conclusions.
 */
export function serviceManager(env: ServiceEnvironment, failed: (message: string) => void): ServiceManager {
  const socket = env['NOTIFY_SOCKET'];
  const notify = async (...variables: readonly string[]): Promise<void> => {
    if (socket === undefined) return;
    try {
      const options = { timeoutMs: notifyTimeoutMs, env: { NOTIFY_SOCKET: socket } };
      await run('systemd-notify', variables, options);
    } catch (error) {
      failed(error instanceof Error ? error.message : String(error));
    }
  };
  const interval = watchdogMs(env);
  if (socket !== undefined && interval !== null) {
    // Twice in the time it is given. A timer is late when anything keeps us from answering, and that is what it tells.
    setInterval(() => void notify('WATCHDOG=1'), interval / 2).unref();
  }
  return {
    ready: (status) => notify('READY=1', `STATUS=${status.replaceAll(/\p{C}/gu, ' ')}`),
    reloading: () => notify('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => notify('STOPPING=1'),
  };
}

function watchdogMs(env: ServiceEnvironment): number | null {
  const microseconds = Number(env['WATCHDOG_USEC'] ?? '');
  const forUs = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(process.pid);
  return forUs && Number.isSafeInteger(microseconds) && microseconds > 0 ? microseconds / 1000 : null;
}

/**
 * The one socket that the service manager listens on for us (socket activation).
 *
 * @throws CouldNotDecide if it has handed over none, or several, or has handed them to another process.
 */
export function activatedSocket(env: ServiceEnvironment): number {
  if (env['LISTEN_PID'] !== String(process.pid))
    throw new CouldNotDecide('systemd has handed over no socket; is the service started by its socket unit?');
  if (env['LISTEN_FDS'] !== '1')
    throw new CouldNotDecide(
      `systemd has handed over ${env['LISTEN_FDS'] ?? 'no'} sockets where one is served`,
    );
  return firstDescriptor;
}

/** What the service manager set for us. */
export function serviceEnvironment(): ServiceEnvironment {
  return process.env;
}
