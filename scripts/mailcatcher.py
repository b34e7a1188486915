#!/usr/bin/env python3
"""A mail server for one machine: it delivers nothing and keeps each message as an .eml file.

    mailcatcher.py --dir mails --port 2525
    mailcatcher.py --dir mails --port 2525 --fail 451     a server in trouble: refuses everything

Recipients whose address contains "refuse" are rejected with 550. The recipients of the envelope
stand in each file as `X-Catcher-To`: a blind copy shows nowhere else. Port 0 takes a free one; the
line `listening on <port>` tells which.
"""

import argparse
import asyncio
import itertools
import os
import signal
from datetime import datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP


class Catcher:
    """Handler of aiosmtpd: one file per accepted message.

    :param Path folder: where the files go; created when missing
    :param int fail: SMTP code to answer to every message (4xx or 5xx), 0 to accept
    """

    def __init__(self, folder, fail=0):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.fail = fail
        self.counter = itertools.count(1)

    async def handle_RCPT(self, server, session, envelope, address, options):
        """Reject the addresses that tests use for "the server refused this one"."""
        if 'refuse' in address.lower():
            return f"550 5.1.1 <{address}>: recipient refused"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        """Store the message; answer only when the file is complete."""
        if self.fail:
            return f"{self.fail} simulated failure"
        name = f"{datetime.now():%Y%m%d-%H%M%S-%f}-{next(self.counter):05d}.eml"
        head = (
            f"X-Catcher-From: {envelope.mail_from}\r\n"
            f"X-Catcher-To: {', '.join(envelope.rcpt_tos)}\r\n"
        )
        # Readers look for *.eml: the name must not appear before the content.
        partial = self.folder / f".{name}.part"
        partial.write_bytes(head.encode() + envelope.original_content)
        os.replace(partial, self.folder / name)
        return "250 Message kept"


async def serve(folder, host, port, fail):
    """Run until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    catcher = Catcher(folder, fail)
    server = await loop.create_server(
        lambda: SMTP(catcher, hostname='localhost', data_size_limit=64 * 2**20, loop=loop),
        host, port,
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()


def main():
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Keep mails as .eml files.")
    parser.add_argument('--dir', required=True)
    parser.add_argument('--host', default='127.0.0.1')
    parser.add_argument('--port', type=int, default=0)
    parser.add_argument('--fail', type=int, default=0, metavar='CODE')
    options = parser.parse_args()
    asyncio.run(serve(options.dir, options.host, options.port, options.fail))


if __name__ == '__main__':
    main()
