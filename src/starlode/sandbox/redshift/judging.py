"""What Redshift refuses of SQL that PostgreSQL takes, and what this double does not know: both are refused here.

A statement is read with sqlglot's grammar of Redshift. Its parts are held against what Redshift's documentation has: a function
that is not listed there, or a form that it leaves out, is an error, so that no statement passes here that fails there for its
words alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from starlode.sandbox.redshift import laying
from starlode.sandbox.redshift.refused import IN_BLOCK, SYNTAX, UNKNOWN_FUNCTION, UNSUPPORTED, Refused, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

DECLARED = re.compile(r"\s*declare\s+\w+\s+cursor\s+for\s+", re.I)
# Statements whose grammar sqlglot does not read, or reads only in part, and which are passed on as they are.
PLAIN = re.compile(
    r"\s*(begin|start transaction|commit|rollback|end|abort|set|reset|show|lock|grant|revoke|analyze|vacuum|truncate|"
    r"fetch|close)\b",
    re.I,
)
READ = (
    *(exp.Select, exp.SetOperation, exp.Subquery, exp.Insert, exp.Update, exp.Delete),
    *(exp.Create, exp.Drop, exp.Alter),
)
KINDS = ("TABLE", "VIEW", "SCHEMA")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


FUNCTIONS = _words("""
    abs avg bool_and bool_or btrim can_json_parse cast ceil ceiling char_length character_length chr coalesce concat convert
    convert_timezone count current_database current_date current_schema current_user date_cmp date_part date_trunc dateadd
    datediff decode dense_rank divide exp extract first_value floor fnv_hash format_type from_varbyte get_array_length getdate
    greatest has_schema_privilege has_table_privilege initcap is_array is_object is_varchar json_array_length
    json_extract_path_text json_parse json_serialize json_typeof lag last_day last_value lead least left len length listagg ln
    log lower lpad ltrim max md5 median min mod months_between nth_value ntile nullif nvl nvl2 object octet_length
    pg_backend_pid power quote_ident random rank regexp_count regexp_instr regexp_replace regexp_substr repeat replace reverse
    right round row_number rpad rtrim sha1 sha2 sign split_part sqrt stddev stddev_pop stddev_samp strpos substring sum sysdate
    to_char to_date to_hex to_number to_timestamp to_varbyte translate trim trunc try_cast upper var_pop var_samp variance
    version array get_array_length split split_to_array exists current_timestamp current_setting
    """)
# What sqlglot calls some functions beside their own names.
SPELLED = _words("""
    timestamptrunc datetrunc tsordsadd tsordsdiff dateadd datediff datesub stringtoarray strposition parsejson anonymous
    anonymousaggfunc arraysize groupconcat regexpsubstr regexpextract unixtotime timetostr strtotime strtodate tochar tonumber
    jsonformat case if and or xor not currentdate currenttimestamp currentuser currentdatabase dpipe pad logicaland logicalor
    regexplike hex lastday sha sha2 md5 tsordstodate jsonextractscalar power substring trycast cast
    datepart fnvhash countif length ceil initcap tobinary
    """)
# PostgreSQL's own, some of which sqlglot takes for others of the same meaning.
FOREIGN = re.compile(
    r"\b(string_agg|array_agg|now|unnest|generate_series|to_regclass|format|concat_ws|make_date|make_timestamp|row_to_json|"
    r"json_agg|json_object|json_build_object|hashtext\w*|json_extract_path(?!_text)|jsonb_\w+|to_jsonb?|regexp_match(es)?|"
    r"pg_advisory\w*|pg_try\w*|pg_relation_size|gen_random_uuid|clock_timestamp|date_bin|width_bucket)\s*\(|\barray\s*\[|"
    r"\bgenerated\s+always\b|\bbytea\b|->>?",
    re.I,
)
LITERAL = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"]|\"\")*\"")
TYPES = {
    *(exp.DataType.Type.BOOLEAN, exp.DataType.Type.SMALLINT, exp.DataType.Type.INT, exp.DataType.Type.BIGINT),
    *(exp.DataType.Type.DECIMAL, exp.DataType.Type.FLOAT, exp.DataType.Type.DOUBLE, exp.DataType.Type.CHAR),
    *(exp.DataType.Type.NCHAR, exp.DataType.Type.VARCHAR, exp.DataType.Type.NVARCHAR, exp.DataType.Type.TEXT),
    *(exp.DataType.Type.DATE, exp.DataType.Type.TIME, exp.DataType.Type.TIMETZ, exp.DataType.Type.TIMESTAMP),
    *(exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.SUPER, exp.DataType.Type.VARBINARY, exp.DataType.Type.INTERVAL),
}
ORDERED = (exp.FirstValue, exp.LastValue, exp.Sum, exp.Min, exp.Max, exp.Avg, exp.Count)
SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
RESERVED = _words("""
    aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization backup between binary blanksasnull both
    bytedict bzip2 case cast check collate column constraint create credentials cross current_date current_time
    current_timestamp current_user current_user_id default deferrable deflate defrag delta delta32k desc disable distinct do
    else emptyasnull enable encode encrypt encryption end except explicit false for foreign freeze from full globaldict256
    globaldict64k grant group gzip having identity ignore ilike in initially inner intersect interval into is isnull join
    language leading left like limit localtime localtimestamp lun luns lzo lzop minus mostly16 mostly32 mostly8 natural new not
    notnull null nulls off offline offset oid old on only open or order outer overlaps parallel partition percent permissions
    pivot placing primary raw readratio recover references respect rejectlog resort restore right select session_user similar
    snapshot some sysdate system table tag tdes text255 text32k then timestamp to top trailing true truncatecolumns union unique
    unnest unpivot user using verbose wallet when where with without
    """)


def judge(sql: str, *, is_in_block: bool) -> exp.Expr | None:
    """The tree of a statement that Redshift would take, or None where it is passed on as it is; raises Refused."""
    if PLAIN.match(sql):
        return None
    sql = DECLARED.sub("", sql, count=1)
    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect="redshift") if tree is not None]
    except SqlglotError as reason:
        raise Refused(SYNTAX, f"syntax error: {str(reason).splitlines()[0]}") from reason
    if len(trees) != 1:
        raise Refused(SYNTAX, "cannot insert multiple commands into a prepared statement")
    tree = trees[0]
    if not isinstance(tree, READ):
        raise unknown(f"the statement {tree.key}")
    foreign = FOREIGN.search(LITERAL.sub("''", sql))
    if foreign:
        raise Refused(SYNTAX, f"syntax error or unknown function at or near {foreign[0].rstrip('( [').lower()}")
    for test in (_refuse_forms, _refuse_functions, _refuse_types, _refuse_names, _refuse_correlation):
        test(tree)
    if isinstance(tree, exp.Alter) and is_in_block:
        _refuse_in_block(tree)
    return tree


def _refuse_forms(tree: exp.Expr) -> None:
    for node in tree.walk():
        reason = _FORMS.get(type(node))
        told = reason(node) if reason else None
        if told:
            raise Refused(SYNTAX, told)


def _refuse_functions(tree: exp.Expr) -> None:
    for call in tree.find_all(exp.Func):
        if isinstance(call, exp.Anonymous | exp.AnonymousAggFunc):
            name = call.name.lower()
            if name not in FUNCTIONS:
                raise Refused(UNKNOWN_FUNCTION, f"function {name} does not exist")
        elif type(call).__name__.lower() not in SPELLED and not FUNCTIONS & {n.lower() for n in call.sql_names()}:
            raise Refused(UNKNOWN_FUNCTION, f"function {call.sql_name().lower()} does not exist")


def _refuse_types(tree: exp.Expr) -> None:
    for kind in tree.find_all(exp.DataType):
        if kind.this not in TYPES:
            raise Refused("42704", f"type {kind.sql(dialect='redshift').lower()} does not exist")


def _refuse_names(tree: exp.Expr) -> None:
    for name in tree.find_all(exp.Identifier):
        if name.args.get("quoted"):
            continue
        word = name.name.lower()
        if word in SYSTEM_COLUMNS:
            raise Refused("42703", f'column "{word}" does not exist')
        # Behind a dot any word is a name.
        is_bare = not (isinstance(name.parent, exp.Column) and name.parent.table and name is name.parent.this)
        if word in RESERVED and is_bare and not isinstance(name.parent, exp.DataType):
            raise Refused(SYNTAX, f'syntax error at or near "{word}"')


def _refuse_correlation(tree: exp.Expr) -> None:
    """References of a sub-select to a row that is not that of the SELECT right around it."""
    for scope in traverse_scope(tree) if isinstance(tree, exp.Query) else ():
        if not scope.is_correlated_subquery or scope.parent is None:
            continue
        known = {*scope.sources, *scope.parent.sources}
        for column in scope.external_columns:
            if column.table and column.table not in known:
                raise Refused(UNSUPPORTED, "This type of correlated subquery pattern is not supported yet")


def _refuse_in_block(tree: exp.Alter) -> None:
    for action in tree.args.get("actions") or ():
        if isinstance(action, exp.AlterColumn):
            raise Refused(IN_BLOCK, "ALTER TABLE ALTER COLUMN cannot run inside a transaction block")


def _create(node: exp.Expr) -> str | None:
    kind = str(node.args.get("kind") or "").upper()
    if kind not in KINDS:
        return f'syntax error at or near "{kind.lower() or "create"}"'
    properties = node.args.get("properties")
    for held in properties.expressions if properties else ():
        if isinstance(held, exp.UnloggedProperty):
            return 'syntax error at or near "unlogged"'
    return laying.wrong(node) if isinstance(node, exp.Create) else None


def _column(node: exp.Expr) -> str | None:
    if isinstance(node, exp.ColumnDef):
        for constraint in node.constraints:
            kind = constraint.kind
            if isinstance(kind, exp.ComputedColumnConstraint):
                return 'syntax error at or near "generated"'
    return None


def _alter(node: exp.Expr) -> str | None:
    actions = node.args.get("actions") or ()
    if len(actions) > 1:
        return 'syntax error at or near ","'
    for action in actions:
        if isinstance(action, exp.AlterColumn):
            kind = action.args.get("dtype")
            if kind is None or kind.this not in (exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT):
                return "target data type is not supported: only the size of a varchar can be altered"
            if action.args.get("using"):
                return 'syntax error at or near "using"'
    return None


def _window(node: exp.Expr) -> str | None:
    call = node.this.this if isinstance(node.this, exp.IgnoreNulls | exp.RespectNulls) else node.this
    if isinstance(call, ORDERED) and node.args.get("order") and not node.args.get("spec"):
        return "aggregate window functions with an ORDER BY clause require a frame clause"
    if node.args.get("alias"):
        return 'syntax error at or near "window"'
    return None


def _says(what: str) -> Callable[[exp.Expr], str]:
    return lambda _: f'syntax error at or near "{what}"'


def _where(name: str, what: str) -> Callable[[exp.Expr], str | None]:
    """A refusal where a node has some part."""
    return lambda node: f'syntax error at or near "{what}"' if node.args.get(name) else None


_FORMS: dict[type[exp.Expr], Callable[[exp.Expr], str | None]] = {
    exp.Filter: _says("filter"),
    exp.Lateral: _says("lateral"),
    exp.OnConflict: _says("conflict"),
    exp.Returning: _says("returning"),
    exp.NullSafeEQ: _says("distinct"),
    exp.NullSafeNEQ: _says("distinct"),
    exp.Collate: _says("collate"),
    exp.ArrayContainsAll: _says("@>"),
    exp.Unnest: _says("unnest"),
    exp.Distinct: _where("on", "on"),
    exp.Select: _where("windows", "window"),
    exp.Lead: _where("default", ","),
    exp.Lag: _where("default", ","),
    exp.Window: _window,
    exp.Create: _create,
    exp.ColumnDef: _column,
    exp.Alter: _alter,
    exp.Values: lambda node: 'syntax error at or near "values"' if not isinstance(node.parent, exp.Insert) else None,
    exp.Delete: lambda node: (
        f'syntax error at or near "{node.this.alias}"' if isinstance(node.this, exp.Table) and node.this.alias else None
    ),
}
