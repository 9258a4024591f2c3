"""Makes trees of the cases on disk, as root: python3 tree-on-disk.py < '{"DIRECTORY": [ENTRY, ...], ...}'"""
import json, os, re, stat, sys


def decoded(text):
    return re.sub(rb"%([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode("ascii"))


def make(path, entry):
    kind = entry["type"]
    if kind == "directory":
        os.mkdir(path)
    elif kind == "file":
        with open(path, "wb") as file:
            file.write(decoded(entry["content"]))
    elif kind == "link":
        os.symlink(decoded(entry["target"]), path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        os.mknod(path, stat.S_IFSOCK | 0o600)
    else:
        bits = stat.S_IFCHR if kind == "character-device" else stat.S_IFBLK
        os.mknod(path, bits | 0o600, os.makedev(entry["major"], entry["minor"]))


def make_tree(top, entries):
    first = {}
    for entry in sorted(entries, key=lambda entry: decoded(entry["path"]).split(b"/")):
        path = os.path.join(top, decoded(entry["path"])) if entry["path"] else top
        if entry["inode"] in first:
            os.link(first[entry["inode"]], path, follow_symlinks=False)
            continue
        make(path, entry)
        if entry["inode"] is not None:
            first[entry["inode"]] = path
        os.chown(path, entry["uid"], entry["gid"], follow_symlinks=False)
        if entry["type"] != "link":
            os.chmod(path, int(entry["mode"], 8))
        for name, value in entry["attributes"]:
            os.setxattr(path, decoded(name), bytes.fromhex(value), follow_symlinks=False)


for directory, entries in json.load(sys.stdin).items():
    make_tree(os.fsencode(directory), entries)
