"""Values of every built-in type of PostgreSQL that readers are known to bend, as a table of one column a type."""

from __future__ import annotations

from dataclasses import dataclass

DIGITS = "12345678901234567890123456789012345678"
LONG = "123456789012345678901234567890.123456789012345678901234567890"

# Made before the table; those that are made of others come after them.
OWN_TYPES = (
    "create type mood as enum ('fine', 'so so', 'Ärger, \"quoted\"')",
    "create type pair as (a integer, b text, c numeric)",
    "create domain price as numeric(10,2) check (value >= 0)",
    "create domain word as text check (value <> 'never')",
    "create domain dear as price check (value > 1)",
    "create domain prices as price[]",
    "create type money_range as range (subtype = numeric)",
)

COLUMNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("bool", ("true", "false")),
    ("int2", ("-32768", "32767", "0")),
    ("int4", ("-2147483648", "2147483647")),
    ("int8", ("-9223372036854775808", "9223372036854775807")),
    ("oid", ("0", "4294967295")),
    ("float4", ("NaN", "Infinity", "-Infinity", "-0", "0.1", "1e-45", "3.4028235e38")),
    (
        "float8",
        ("NaN", "Infinity", "-Infinity", "-0", "0.1", "5e-324", "1.7976931348623157e308", "0.30000000000000004"),
    ),
    ("numeric", ("0", "-0.05", "1.10", "99999999999999999999", "0.123456789012345678")),
    ("numeric(18,4)", ("-99999999999999.9999", "0.0001", "1.1000")),
    ("numeric(38,18)", ("99999999999999999999.999999999999999999", "-0.000000000000000001")),
    ("numeric(38,0)", (DIGITS, "-" + DIGITS)),
    ("numeric(5,-2)", ("1234500", "-9999900", "49")),
    ("numeric(3,5)", ("0.00999", "-0.00001")),
    ("numeric(60,10)", ("1" * 20 + ".0123456789", "-0.0000000001")),
    ("money", ("-92233720368547758.08", "92233720368547758.07", "0.01")),
    ("text", ("", " ", "NULL", "\\N", "\x01\x1f", "🦆𝔘ñ", "a\tb\nc\r\nd", "'\"`\\", "007", "ﬃ\u200b")),
    ("varchar(5)", ("", "ab   ", "🦆🦆🦆🦆🦆")),
    ("bpchar(5)", ("", "ab", "ab   ")),
    ("bpchar", ("ab  ", "")),
    ("name", ("A b", "pg_catalog")),
    ('"char"', ("a", "")),
    ("bytea", ("\\x", "\\x" + bytes(range(256)).hex(), "\\x00")),
    ("bit(5)", ("10110", "00000")),
    ("varbit", ("", "1", "0101010101010101")),
    ("date", ("0044-03-15 BC", "4713-01-01 BC", "5874897-12-31", "0001-01-01", "1970-01-01", "2024-02-29")),
    ("time", ("00:00:00", "23:59:59.999999", "12:34:56.000001")),
    ("time(0)", ("23:59:59",)),
    ("timetz", ("24:00:00+00", "12:34:56.789012+05:30", "00:00:00-15:59:59")),
    ("timestamp", ("0044-03-15 12:00:00.000001 BC", "4713-01-01 00:00:00 BC", "1969-12-31 23:59:59.999999")),
    ("timestamp(3)", ("2024-02-29 12:34:56.789", "294246-12-31 23:59:59.999")),
    ("timestamptz", ("2024-03-31 02:30:00.123456+01", "0001-12-31 23:59:59.999999+00 BC", "290000-01-01 00:00:00+00")),
    ("interval", ("1 year 2 mons -3 days 04:05:06.789012", "0", "-178000000 years", "1 day -24:00:00")),
    ("uuid", ("00000000-0000-0000-0000-000000000000", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11")),
    ("json", ('{"a": 1.10,  "a": 2}', '"\\u0000"', "null", "[1e400]", '"🦆"')),
    ("jsonb", ('{"b": 1.10, "a": [null, {}]}', "null", '"x"', "12345678901234567890.00")),
    ("jsonpath", ("$.a[*] ? (@ > 2)",)),
    ("xml", ("<a b='1'>ü&amp;</a>", "")),
    ("inet", ("192.168.0.1/24", "192.168.0.1", "::ffff:1.2.3.4/128")),
    ("cidr", ("192.168.0.0/24", "::/0")),
    ("macaddr", ("08:00:2b:01:02:03",)),
    ("macaddr8", ("08:00:2b:01:02:03:04:05",)),
    ("point", ("(1.5,-0.1)",)),
    ("line", ("{1,2,3}",)),
    ("lseg", ("[(0,0),(1,1)]",)),
    ("box", ("(1,1),(0,0)",)),
    ("path", ("[(0,0),(1,1)]", "((0,0),(1,1))")),
    ("polygon", ("((0,0),(1,1),(2,0))",)),
    ("circle", ("<(0,0),1.5>",)),
    ("tsvector", ("'a':1 'b c':2",)),
    ("tsquery", ("'a' & 'b'",)),
    ("pg_lsn", ("FFFFFFFF/FFFFFFFF", "0/0")),
    ("xid", ("4294967295",)),
    ("xid8", ("18446744073709551615", "0")),
    ("cid", ("0",)),
    ("tid", ("(4294967295,65535)",)),
    ("pg_snapshot", ("10:20:10,14,15",)),
    ("txid_snapshot", ("10:20:10,14,15",)),
    ("refcursor", ("a cursor",)),
    ("aclitem", ("postgres=r/postgres",)),
    ("gtsvector", ()),
    ("regclass", ("pg_class",)),
    ("regtype", ("integer",)),
    ("regproc", ("now",)),
    ("regprocedure", ("abs(integer)",)),
    ("regoper", ("||/",)),
    ("regoperator", ("+(integer,integer)",)),
    ("regrole", ("postgres",)),
    ("regnamespace", ("public",)),
    ("regconfig", ("english",)),
    ("regdictionary", ("simple",)),
    ("regcollation", ('"C"',)),
    ("int2vector", ("1 2 3",)),
    ("oidvector", ("1 2 3",)),
    ("int4range", ("empty", "[1,10)", "(,)")),
    ("int8range", ("[1,9223372036854775807)",)),
    ("numrange", ("[1.10,2.20]", "(,5)")),
    ("tsrange", ('["2024-01-01 00:00:00","2024-01-02 00:00:00")', "[-infinity,infinity]")),
    ("tstzrange", ('["2024-01-01 00:00:00+00",)',)),
    ("daterange", ("[2024-01-01,2024-02-01)",)),
    ("int4multirange", ("{}", "{[1,3),[5,7)}")),
    ("int8multirange", ("{[1,3)}",)),
    ("nummultirange", ("{[1.5,3.5)}",)),
    ("tsmultirange", ("{}",)),
    ("tstzmultirange", ("{}",)),
    ("datemultirange", ("{[2024-01-01,2024-02-01)}",)),
    ("mood", ("so so", 'Ärger, "quoted"')),
    ("price", ("0.00", "99999999.99")),
    ("word", ("", "ever")),
    ("dear", ("1.01",)),
    ("money_range", ("[1.1,2.2)",)),
    ("pg_node_tree", ()),
    ("pg_ndistinct", ()),
    ("pg_dependencies", ()),
    ("pg_mcv_list", ()),
    ("pg_brin_bloom_summary", ()),
    ("pg_brin_minmax_multi_summary", ()),
)

# What is carried as JSON, and the JSON that it becomes.
NESTED: tuple[tuple[str, str, str], ...] = (
    ("int4[]", "{}", "[]"),
    ("int4[]", "{1,NULL,3}", "[1,null,3]"),
    ("int4[]", "{{1,2},{3,4}}", "[[1,2],[3,4]]"),
    ("int4[]", "[0:1]={7,8}", "[7,8]"),
    ("int8[]", "{-9223372036854775808}", "[-9223372036854775808]"),
    ("numeric[]", "{1.10,NaN,123456789012345678901234567890.5}", '[1.10,"NaN",123456789012345678901234567890.5]'),
    ("text[]", '{"",NULL,"NULL","a\\"b","c,d","🦆"}', '["",null,"NULL","a\\"b","c,d","🦆"]'),
    ("bytea[]", '{"\\\\x00ff"}', '["\\\\x00ff"]'),
    ("date[]", "{infinity,2024-02-29}", '["infinity","2024-02-29"]'),
    ("timestamptz[]", '{"2024-02-29 12:00:00.123456+00"}', '["2024-02-29T12:00:00.123456+00:00"]'),
    ("json[]", '{"{\\"a\\": 1.10}"}', '[{"a": 1.10}]'),
    ("mood[]", '{"so so",NULL}', '["so so",null]'),
    ("pair", '(1,"x, ""y""",1.10)', '{"a":1,"b":"x, \\"y\\"","c":1.10}'),
    ("pair", "(,,)", '{"a":null,"b":null,"c":null}'),
    ("pair[]", '{"(1,a,2.50)",NULL}', '[{"a":1,"b":"a","c":2.50},null]'),
    ("prices", "{1.50,NULL}", "[1.50,null]"),
)


@dataclass(frozen=True)
class Bad:
    """A value that no type of ours can hold, and what its rejection says."""

    type: str
    value: str
    reason: str


NO_DECIMAL, NO_DATE = "NaN or infinity has no place among decimals", "an infinite date has no place in a calendar"
BAD = (
    Bad("numeric", "NaN", NO_DECIMAL),
    Bad("numeric", "Infinity", NO_DECIMAL),
    Bad("numeric", "-Infinity", NO_DECIMAL),
    Bad("numeric(18,4)", "NaN", NO_DECIMAL),
    Bad("numeric(5,-2)", "NaN", NO_DECIMAL),
    Bad("numeric(60,10)", "NaN", NO_DECIMAL),
    Bad("dear", "NaN", NO_DECIMAL),
    Bad("date", "infinity", NO_DATE),
    Bad("date", "-infinity", NO_DATE),
    Bad("timestamp", "infinity", NO_DATE),
    Bad("timestamp", "-infinity", NO_DATE),
    Bad("timestamptz", "infinity", NO_DATE),
    Bad("timestamptz", "-infinity", NO_DATE),
    Bad("time", "24:00:00", "24:00 is no time of a day"),
)
