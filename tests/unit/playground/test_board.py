from __future__ import annotations

from wsengine.playground.board import Board


def test_new_lanes_are_others_than_before() -> None:
    board = Board(lambda: 0.0)
    before = board.lanes
    board.new_lanes(3)
    assert board.lanes is not before
    assert len(board.lanes.lanes) == 3
