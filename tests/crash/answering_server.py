"""A server process to be killed: one submission a line in, one receipt or refusal a line out.

It is the intake as it runs in the application, without the pages: started in half the time, it can
be killed more often.
"""

import asyncio
import sys
from pathlib import Path

import msgspec

from survey import engine, settings
from survey.errors import KernepulsError
from survey.intake.acceptance import Submission, accept
from survey.intake.writer import running


async def main(socket: Path) -> None:
    here = settings.from_environment()
    async with engine.opened(here, server=True), running():

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while line := await reader.readline():
                try:
                    said = await accept(here, msgspec.json.decode(line, type=Submission))
                except KernepulsError as error:
                    said = type(error).__name__
                writer.write(f"{said}\n".encode())

        socket.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(answer, socket)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
