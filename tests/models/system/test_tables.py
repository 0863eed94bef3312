"""Tables in Markdown, to the letter."""

from __future__ import annotations

from models.system.tables import line, table


def test_a_table() -> None:
    assert table(["a", "b"], [[1, "x"], (2.5, None)]) == "| a | b |\n| --- | --- |\n| 1 | x |\n| 2.5 | None |"
    assert table(["a", "b", "c"], [], numbers_from=1) == "| a | b | c |\n| --- | ---: | ---: |"
    assert line("xy") == "| x | y |"
