"""The command line, one file a verb.

A file ``cli/<verb>.py`` defines ``run``, a typer command, or ``app``, a typer group of sub-commands. A verb is imported only
when it is called, so that ``endcap recommend`` does not wait for training code.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from typing import Any

import typer
from rich.console import Console

from endcap.errors import EndcapError

_VERBS = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


class _Verbs(typer.core.TyperGroup):
    """Finds verbs by file name and imports them when they are called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [verb.removesuffix("_") for verb in _VERBS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        file = cmd_name if cmd_name in _VERBS else f"{cmd_name}_"
        if file not in _VERBS:
            return None
        module = importlib.import_module(f"{__name__}.{file}")
        if hasattr(module, "app"):
            group = typer.main.get_group(module.app)
            group.name = cmd_name
            return group
        one = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        one.command(name=cmd_name)(module.run)
        return typer.main.get_command(one)


app = typer.Typer(cls=_Verbs, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _root() -> None:
    """Endcap: cross-sell and upsell for your own shop."""


def main() -> None:
    """Run a verb; an error that Endcap knows is one sentence on stderr and exit code 1 (75 where a retry can help).

    So is a file or folder that the system does not let us use.
    """
    try:
        app()
    except EndcapError as error:
        _say(error.sentence)
        sys.exit(75 if error.retry else 1)
    except OSError as error:
        if error.filename is None:  # no file that the caller could have named, so the trace tells more than a sentence
            raise
        _say(f"{error.filename} cannot be used ({error.strerror}); check the path and its permissions")
        sys.exit(1)


def _say(sentence: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"endcap: {sentence}", markup=False)
