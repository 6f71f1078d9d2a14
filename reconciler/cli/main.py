"""The command `reconciler`: which subcommands there are, and how each of them may end."""

import importlib
import io
import sys
from collections.abc import Sequence
from contextlib import suppress

import click

from reconciler import __version__
from reconciler.cli.output import Output
from reconciler.errors import ReconcilerError, UsageError

COMMANDS = {
    "validate": "Check a catalogue, offline.",
    "plan": "Show what apply would do. Reads, never writes.",
    "apply": "Execute a plan.",
    "revert": "Plan the way back of what an apply did.",
    "drift": "Compare what is live with what should be.",
    "list": "Show every entry and its file.",
    "show": "Show a saved plan.",
    "snapshot": "Write down what is live, to plan from without a token.",
    "export": "Make a catalogue of a bucket.",
    "purge": "Plan to empty the trash.",
    "pin": "Write the sha256 of sources into the catalogue.",
    "audit": "Look into the ledger of all applies.",
    "report": "Comment plans and drift on GitHub or GitLab.",
    "sandbox": "Serve a local service to rehearse on.",
    "demo": "Tell the whole story on a sandbox.",
}
"""Each lives in the module of its name, which is imported only when it is called."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"reconciler.cli.{cmd_name}_command")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="reconciler", message="%(prog)s %(version)s")
def _reconciler() -> None:
    """Keep ACRCloud buckets as code: a catalogue, a reviewed plan, an apply that does just that."""


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. A user's mistake is a message, never a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a character gets its escape, and never a traceback.
        sys.stdout.reconfigure(errors="backslashreplace")
    output = Output(color="--no-color" not in arguments)
    try:
        code = _reconciler.main(list(arguments), prog_name="reconciler", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return UsageError.exit_code
    except click.UsageError as error:
        if error.ctx is not None:
            output.say(error.ctx.get_usage())
            output.say(f"Try '{error.ctx.command_path} --help' for help.")
        output.error(error.format_message())
        return UsageError.exit_code
    except click.Abort:
        return 130
    except click.ClickException as error:
        output.error(error.format_message())
        return 1
    except ReconcilerError as error:
        output.error(str(error))
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does: there is nobody left to tell.
        sys.stderr.close()
        return 1
    except OSError as error:
        # Of our own output: what concerns other files is a ReconcilerError where it happens.
        with suppress(OSError):
            output.error(f"what there is to say cannot be written: {error.strerror}")
        return 1
    return code if isinstance(code, int) else 0
