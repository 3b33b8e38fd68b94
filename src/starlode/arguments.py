"""The words of the command line, and the help that teaches them.

Each command has a function here that adds its parser, in the order in which a newcomer meets them. Options that
hold for many commands are declared once and may stand before or after the command.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from starlode.asked import age, at_least, moment, pair, seconds
from starlode.terminal.speech import out

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import SupportsWrite

    Commands = argparse._SubParsersAction["Parser"]

VERBS = ("land", "load", "build", "check", "export")
SHELLS = ("bash", "zsh", "fish", "powershell")
TEMPLATES = ("files", "music")
EXAMPLES = ("music", "music-postgres", "music-redshift", "sales-redshift", "sales-snowflake", "students-bigquery")

ABOUT = """\
From raw data to a star schema that you can trust.

A project is a folder with a starlode.yml. One command reads its sources, keeps what
was read as Parquet, loads a warehouse, builds dimensions and facts, checks them, and
exports the result; the next one does the same with what is new."""

TOUR = """\
first steps:
  starlode demo               a finished star in a few seconds, with data made up for it
  starlode init sales         a small project of your own, which runs at once
  starlode run                bring the warehouse to what the sources hold now

exit codes:
  0  done; also when there was nothing to do
  1  a check or the proof of a join failed, or too many rows were rejected; what was done is kept
  2  the project or the command line is wrong; nothing was started
  3  a source, the landing or the warehouse cannot be reached, or does not allow it
  4  stopped half-way; mend what it says and run again
  5  a bug of Starlode
  130  interrupted; run again"""


class UsageError(Exception):
    """The command line cannot be understood."""

    def __init__(self, message: str, program: str, known: tuple[str, ...]) -> None:
        super().__init__(message)
        self.message = message
        self.program = program
        self.known = known


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of leaving, so that one place speaks of all errors."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, self.prog, self.known_words())

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """What was understood. A command refuses what it does not know itself: it knows which options are near."""
        understood, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return understood, unknown

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        if file is None:
            out(self.format_help().rstrip())
        else:
            super().print_help(file)

    def known_words(self) -> tuple[str, ...]:
        """The options and the commands that may stand here."""
        options = [option for action in self._actions for option in action.option_strings]
        commands = [name for action in self._actions if action.choices for name in action.choices]
        return (*options, *commands)


def make_parser() -> Parser:
    """The parser of the whole command line."""
    parser = Parser(prog="starlode", description=ABOUT, epilog=TOUR)
    parser.add_argument("--version", action="store_true", help="print the version and leave")
    parser.set_defaults(command=None, project=None, target=None, sandbox=False, json=False, debug=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for add in ADDERS:
        add(commands)
    _add_place(parser)
    _add_speech(parser)
    return parser


def _add_speech(parser: Parser) -> None:
    """Options of every command."""
    group = parser.add_argument_group("how it speaks")
    group.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print JSON for programs; errors as well"
    )
    group.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show where in Starlode an error arose"
    )


def _add_place(parser: Parser) -> None:
    """Options of every command that works on a project."""
    group = parser.add_argument_group("which project")
    group.add_argument(
        "--project",
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="the project's folder or file (default: the nearest starlode.yml, from here upwards)",
    )
    group.add_argument(
        "--target",
        metavar="URL",
        default=argparse.SUPPRESS,
        help="another warehouse than the project names, such as duckdb:try.duckdb",
    )
    group.add_argument(
        "--sandbox",
        action="store_true",
        default=argparse.SUPPRESS,
        help="use doubles on this machine in place of the warehouse and the buckets that the project names",
    )


def _add(commands: Any, name: str, short: str, long: str, examples: str, *, of_project: bool = True) -> Parser:
    about = f"{short[0].upper()}{short[1:]}.\n\n{long}"
    parser: Parser = commands.add_parser(name, help=short, description=about, epilog=f"examples:\n{examples}")
    if of_project:
        _add_place(parser)
    _add_speech(parser)
    return parser


def _add_demo(commands: Commands) -> None:
    parser = _add(
        commands,
        "demo",
        "make an example, run it and show what came out",
        "Its data is made up on the spot, and what a right star comes to is counted meanwhile. All but\n"
        "`music` run in the sandbox: on doubles of the services that they name, without an account.\n"
        "A second call finds everything there and shows that nothing has to be done.",
        "  starlode demo\n  starlode demo music-redshift --to /tmp/plays --size 50000",
        of_project=False,
    )
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        default="music",
        choices=EXAMPLES,
        help=f"the example: {', '.join(EXAMPLES)} (default: music)",
    )
    parser.add_argument("--to", metavar="DIR", help="the folder to make (default: ./NAME)")
    told = "how much data to make up: events, orders or students (default: the example's own)"
    parser.add_argument("--size", metavar="N", type=at_least(1), help=told)
    parser.add_argument(
        "--target",
        metavar="URL",
        default=argparse.SUPPRESS,
        help="another warehouse than the example names, such as duckdb:try.duckdb",
    )


def _add_init(commands: Commands) -> None:
    parser = _add(
        commands,
        "init",
        "write a new project that runs at once",
        "Starts from a template with a little data in it, so that `starlode run` works before you\n"
        "change anything. Files that exist are never overwritten.",
        "  starlode init sales\n  starlode init --to . --template files",
        of_project=False,
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="the project's name (default: the folder's)")
    parser.add_argument(
        "--template",
        choices=TEMPLATES,
        default="files",
        help="files: customers and orders as CSV; music: the demo's project",
    )
    parser.add_argument(
        "--to", metavar="DIR", help="the folder to write into (default: ./NAME, or here without a NAME)"
    )


def _add_plan(commands: Commands) -> None:
    parser = _add(
        commands,
        "plan",
        "show what a run would do, and why",
        "Looks at the sources and the warehouse and changes nothing. What is not in the plan is up\n"
        "to date. Use it before a first run, or after changing the project.",
        "  starlode plan\n  starlode plan --sql --select +fact_sales",
    )
    _add_choice(parser)
    told = "show the statements of each step as well, also those that only some data ask for"
    parser.add_argument("--sql", action="store_true", help=told)


def _add_run(commands: Commands) -> None:
    parser = _add(
        commands,
        "run",
        "bring the warehouse to what the sources hold now",
        "Reads what is new, lands and loads it, builds what depends on it, checks the star and writes\n"
        "the exports. It can be stopped at any moment and run again: nothing is lost or doubled.",
        "  starlode run\n  starlode run --select +fact_sales\n  starlode run --full --wait 60",
    )
    _add_choice(parser)
    _add_wait(parser)


def _add_choice(parser: Parser) -> None:
    parser.add_argument(
        "--select",
        metavar="NAME",
        action="append",
        default=[],
        help="only these streams and tables; +NAME adds what it is made from, NAME+ what is made from it; "
        "* stands for anything; repeat it, or divide names by commas",
    )
    parser.add_argument("--full", action="store_true", help="read everything again and build everything anew")
    parser.add_argument(
        "--only", metavar="VERB", choices=VERBS, help=f"go no further than this step of the journey: {', '.join(VERBS)}"
    )


def _add_wait(parser: Parser) -> None:
    parser.add_argument(
        "--wait",
        metavar="SECONDS",
        type=seconds,
        default=0.0,
        help="how long to wait for another run to end (default: 0)",
    )


def _add_check(commands: Commands) -> None:
    _add(
        commands,
        "check",
        "hold the star against its promises and your checks",
        "Looks at the warehouse as it is now and changes nothing; exit code 1 when something does not\n"
        "hold. A run does the same at its end.",
        "  starlode check\n  starlode check --json",
    )


def _add_status(commands: Commands) -> None:
    parser = _add(
        commands,
        "status",
        "show the last runs from the warehouse's own ledger",
        "Says how each run ended and what the newest one did, step by step. Give a run's name, or its\n"
        "ending, to see that one with everything that was found.",
        "  starlode status\n  starlode status --runs 20\n  starlode status 4f2a9c1e",
    )
    parser.add_argument("run", metavar="RUN", nargs="?", help="a run's name, or the end of it")
    parser.add_argument("--runs", metavar="N", type=at_least(1), default=5, help="how many runs (default: 5)")


def _add_why(commands: Commands) -> None:
    parser = _add(
        commands,
        "why",
        "say of one row of the star where it came from",
        "Names the source rows behind it with their files, the version of each dimension that it points\n"
        "to and the reason, and the run that wrote it. Of a dimension it tells all versions of a member.\n"
        "Changes nothing.",
        "  starlode why fact_sales order_id=1042 line_no=1\n  starlode why dim_customer customer_id=C1 --json",
    )
    parser.add_argument("table", metavar="TABLE", help="a table of the star, such as fact_sales")
    parser.add_argument(
        "named",
        metavar="COLUMN=VALUE",
        nargs="+",
        type=pair,
        help="what only this row has: its grain or its key, or any other columns",
    )


def _add_undo(commands: Commands) -> None:
    parser = _add(
        commands,
        "undo",
        "bring the warehouse back to what it was before a run",
        "Staging and the star are as before the run, with the keys that they had then; the ledger keeps\n"
        "what the run did and marks it as undone. The next run reads its input again, so mend the\n"
        "source first.",
        "  starlode undo last\n  starlode undo 4f2a9c1e --through",
    )
    parser.add_argument(
        "run", metavar="RUN", help="a run's name, or the end of it, as `starlode status` shows it; or last"
    )
    parser.add_argument("--through", action="store_true", help="undo the runs that changed something after it as well")
    _add_wait(parser)


def _add_rebuild(commands: Commands) -> None:
    parser = _add(
        commands,
        "rebuild",
        "derive tables of the star anew from the landing",
        "Loads the streams of a model again from what was landed of them, and builds it and all that is\n"
        "made from them, with the same keys. Sources are not read. For tables that somebody broke or\n"
        "changed by hand.",
        "  starlode rebuild dim_customer\n  starlode rebuild fact_sales dim_product --since 2026-01-31",
    )
    parser.add_argument("models", metavar="MODEL", nargs="+", help="a table of the star, such as dim_customer")
    parser.add_argument(
        "--since", metavar="DATE", type=moment, help="derive only what was touched since then (UTC), as 2026-01-31"
    )
    _add_wait(parser)


def _add_rejects(commands: Commands) -> None:
    parser = _add(
        commands,
        "rejects",
        "see rows that could not be carried, and try them again",
        "A row that cannot be typed or read is kept with its file, line, text and reason. Mend the\n"
        "file or the declaration, then replay.",
        "  starlode rejects list\n  starlode rejects show 12\n  starlode rejects replay --stream shop.orders",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)
    listing = _add(
        actions, "list", "list the open rejects", "One line for each row that still waits to be mended.",
        "  starlode rejects list --stream shop.orders",
    )  # fmt: skip
    show = _add(
        actions, "show", "show one reject with its raw text", "The text is shown as it stood in the file.",
        "  starlode rejects show 12",
    )  # fmt: skip
    replay = _add(
        actions, "replay", "read the files of open rejects again",
        "Their rows take the place of the earlier ones, under the declaration as it is now; what still\n"
        "cannot be carried is rejected anew. A stream of a database is read whole again.",
        "  starlode rejects replay\n  starlode rejects replay --stream shop.orders",
    )  # fmt: skip
    show.add_argument("id", metavar="ID", type=at_least(1), help="the number that `list` shows")
    for each in (listing, replay):
        each.add_argument("--stream", metavar="NAME", help="only of this stream, as source.stream")
    _add_wait(replay)


def _add_query(commands: Commands) -> None:
    parser = _add(
        commands,
        "query",
        "ask the warehouse a question",
        "Runs a SELECT in the warehouse's own SQL, for reading only, and prints its rows as a table.",
        '  starlode query "select * from star.dim_customer limit 10"\n  starlode query answers/levels.sql --json',
    )
    parser.add_argument("sql", metavar="SQL", help="a SELECT, or the name of a .sql file that holds one")


def _add_sweep(commands: Commands) -> None:
    parser = _add(
        commands,
        "sweep",
        "remove what died runs left in the landing, and what is not needed",
        "Files that no manifest names are garbage: the remains of runs that were killed. With --unneeded,\n"
        "landed files go too that a full read has replaced, once no run that can be undone needs them.",
        "  starlode sweep --dry-run\n  starlode sweep\n  starlode sweep --unneeded --older-than 30d --dry-run",
    )
    parser.add_argument("--dry-run", action="store_true", help="only name the files, and why they would go")
    parser.add_argument("--unneeded", action="store_true", help="also landed files that nothing can need any more")
    parser.add_argument("--older-than", metavar="AGE", type=age, help="leave what is younger than this: 12h, 30d, 8w")
    _add_wait(parser)


def _add_sandbox(commands: Commands) -> None:
    parser = _add(
        commands,
        "sandbox",
        "keep doubles on this machine of what the project names",
        "With --sandbox a project runs without an account and unchanged: its S3, its Cloud Storage, its PostgreSQL, its\n"
        "Redshift, its Snowflake or its BigQuery are doubles, which stay up between the commands. What `sandbox/BUCKET/`\n"
        "holds beside the project file is put into that bucket.",
        "  starlode sandbox up\n  starlode sandbox status\n  starlode sandbox down",
    )
    parser.add_argument(
        "act",
        choices=("up", "status", "down"),
        help="up: start what is missing; status: what runs; down: end all, and forget what it held",
    )


def _add_schema(commands: Commands) -> None:
    _add(
        commands,
        "schema",
        "print the JSON Schema of starlode.yml",
        "Editors that know it complete keys and mark mistakes while you write. `starlode init` puts\n"
        "it beside the project; write it again after an upgrade.",
        "  starlode schema > starlode.schema.json",
        of_project=False,
    )


def _add_completion(commands: Commands) -> None:
    parser = _add(
        commands,
        "completion",
        "print what makes a shell complete the words of starlode",
        "Completes commands, options, and the names of the project's streams and tables.",
        '  eval "$(starlode completion bash)"          # in ~/.bashrc\n'
        '  eval "$(starlode completion zsh)"           # in ~/.zshrc, after compinit\n'
        "  starlode completion fish > ~/.config/fish/completions/starlode.fish",
        of_project=False,
    )
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))


def _add_version(commands: Commands) -> None:
    _add(
        commands,
        "version",
        "print the versions of Starlode and of what it stands on",
        "What a report of a bug should say.",
        "  starlode version",
        of_project=False,
    )


ADDERS: tuple[Callable[[Any], None], ...] = (
    _add_demo,
    _add_init,
    _add_plan,
    _add_run,
    _add_check,
    _add_status,
    _add_why,
    _add_undo,
    _add_rebuild,
    _add_rejects,
    _add_query,
    _add_sweep,
    _add_sandbox,
    _add_schema,
    _add_completion,
    _add_version,
)
