# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file system whose server can stop to answer.

It speaks the kernel's own protocol (linux/fuse.h, 7.31), and has one file."""

import ctypes
import errno
import mmap
import os
import signal
import stat
import struct

DEVICE = "/dev/fuse"
ROOT, FILE = 1, 2

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE = 1, 2, 3, 14, 15, 17, 18
FLUSH, INIT, OPENDIR, RELEASEDIR, INTERRUPT, BATCH_FORGET = 25, 26, 27, 29, 36, 42
WITHOUT_REPLY = (FORGET, INTERRUPT, BATCH_FORGET)

libc = ctypes.CDLL(None, use_errno=True)


class Mount:
    """Mounted while this is entered; `path` is that of its one file, which everybody may read and execute."""

    def __init__(self, directory, content):
        self.directory = directory
        self.path = f"{directory}/file"
        self._content = content
        self._silent = mmap.mmap(-1, 1)  # shared with the server

    def __enter__(self):
        device = os.open(DEVICE, os.O_RDWR)
        options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
        if libc.mount(b"pekeenv-test", self.directory.encode(), b"fuse", 0, options.encode()) < 0:
            raise OSError(ctypes.get_errno(), "mount")
        self._server = os.fork()
        if self._server == 0:
            try:
                self._serve(device)
            finally:
                os._exit(0)
        os.close(device)
        return self

    def __exit__(self, *_):
        self.end_server()
        libc.umount2(self.directory.encode(), 2)  # MNT_DETACH

    def end_server(self):
        """Whoever waits for an answer gets an error."""
        if self._server:
            os.kill(self._server, signal.SIGKILL)
            os.waitpid(self._server, 0)
        self._server = None

    def fall_silent(self):
        """From now on no question is answered any more, ever."""
        self._silent[0] = 1

    def _serve(self, device):
        while request := os.read(device, 1 << 20):
            _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
            if opcode in WITHOUT_REPLY or self._silent[0]:
                continue
            answer = self._answer(opcode, node, request[40:])
            error = -errno.ENOSYS if answer is None else 0
            os.write(device, struct.pack("<IiQ", 16 + len(answer or b""), error, unique) + (answer or b""))

    def _answer(self, opcode, node, arguments):
        if opcode == INIT:
            return struct.pack("<4I2H2I2H8I", 7, 31, 0, 0, 16, 12, 1 << 16, 1, 32, 0, *[0] * 8)
        if opcode == LOOKUP:
            return struct.pack("<4Q2I", FILE, 0, 3600, 0, 0, 0) + self._attributes(FILE)
        if opcode == GETATTR:
            return struct.pack("<QII", 0, 0, 0) + self._attributes(node)
        if opcode in (OPEN, OPENDIR):
            return struct.pack("<QII", 0, 0, 0)
        if opcode == READ:
            _, offset, size = struct.unpack_from("<QQI", arguments)
            return self._content[offset:offset + size]
        if opcode == STATFS:
            return bytes(80)
        if opcode in (RELEASE, RELEASEDIR, FLUSH):
            return b""
        return None

    def _attributes(self, node):
        mode = stat.S_IFDIR | 0o755 if node == ROOT else stat.S_IFREG | 0o555
        size = 0 if node == ROOT else len(self._content)
        return struct.pack("<6Q10I", node, size, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
