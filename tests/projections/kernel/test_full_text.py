"""Search by words: two Chinese characters are found wherever they stand together."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from adapters.storage.databases import connect
from projections.kernel.full_text import bigrams, matches
from projections.kernel.rows.projector import Projector
from tests.projections.accounts import accounts, happened
from tests.projections.databases import DATABASES, database

NAMES = {
    "a": "中国电信广州分公司",
    "b": "国中电 Telecom-5G",
    "c": "信电 China Telecommunications",
    "d": 'O\'Neill & Sons 100% "quoted"',
    "e": "𠮷野家 ｶﾀｶﾅ Straße",
    "f": "華為技術 Cafe\u0301 Crème",
    "g": "华为 CAFÉ Zürich ガス",
}


def test_a_run_of_chinese_characters_is_cut_into_pairs() -> None:
    assert bigrams("中国电信", None, "Acme 5G") == "中国 国电 电信 信 acme 5g"


@pytest.fixture(scope="module", params=DATABASES)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    with database(request, tmp_path_factory) as url:
        engine = connect(url, "normal")
        projector = Projector(engine, {accounts.name: accounts})
        projector.create()
        projector.apply(
            [
                happened(n, id_, 1, "account.opened", name=name)
                for n, (id_, name) in enumerate(NAMES.items(), 1)
            ]
        )
        yield engine
        engine.dispose()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("电信", "a"),
        ("華為", "fg"),
        ("华为技术", "f"),
        ("技術", "f"),
        ("cafe", "fg"),
        ("Café", "fg"),
        ("ｃａｆé creme", "f"),
        ("zurich", "g"),
        ("カス", ""),
        ("ガス", "g"),
        ("中国", "a"),
        ("中国电信", "a"),
        ("中电", "b"),
        ("信", "ac"),
        ("公司", "a"),
        ("telecom", "bc"),
        ("TELECOM 5g", "b"),
        ("china 信电", "c"),
        ("neill", "d"),
        ("100%", "d"),
        ('"quoted"', "d"),
        ("𠮷野", "e"),
        ("カタカナ", "e"),
        ("strasse", "e"),
        ("电信 telecom", ""),
        ("OR", ""),
        ("%", ""),
        ("'; DROP TABLE", ""),
    ],
)
def test_words_are_found_in_every_database(engine: sa.Engine, query: str, found: str) -> None:
    ids = sa.select(accounts.table.c.id).order_by("id")
    with engine.connect() as connection:
        indexed = ids.where(matches(accounts.table, query, engine.dialect.name))
        assert "".join(connection.scalars(indexed)) == found
        plain = ids.where(matches(accounts.table, query, "sqlite-plain"))
        assert "".join(connection.scalars(plain)) == found
