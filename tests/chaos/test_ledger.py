"""A session's account finds what must not be, and nothing where all is well."""

from __future__ import annotations

from typing import Any

import pytest
from chaos.ledger import Ledger
from chaos.wire import Sealed, padding

from wsengine import Close, SessionStats


class Account:
    """A ledger, and what it complained of."""

    def __init__(self, workers: int = 1) -> None:
        self.tainted = False
        self.complaints: list[str] = []
        self.ledger = Ledger("c.1", workers, self.complaints.append, lambda: self.tainted)
        self.ledger.open = True

    def handle(self, *numbers: int) -> None:
        for number in numbers:
            self.ledger.handling(message(number))
            self.ledger.handled()

    def close(self, close: Close, *, received: int, dropped: int = 0) -> None:
        self.ledger.close(close, stats(received, dropped))

    def complained_of(self, text: str) -> None:
        assert len(self.complaints) == 1, self.complaints
        assert text in self.complaints[0]


def message(number: int, connection: str = "c.1") -> dict[str, Any]:
    return {"c": connection, "n": number, "pad": padding(connection, number)}


def stats(received: int, dropped: int) -> SessionStats:
    names = SessionStats.__slots__  # a dataclass with slots has its fields there
    return SessionStats(
        **{
            **dict.fromkeys(names, 0),
            "messages_received": received,
            "messages_dropped": dropped,
        }
    )


LOST = Close(1006, "lost")


@pytest.fixture
def account() -> Account:
    return Account()


def test_where_all_is_well_nothing_is_said(account: Account) -> None:
    account.handle(1, 2)
    account.ledger.replied(message(4))  # read ahead of 3
    account.handle(3)
    account.ledger.piloted(message(5))
    account.ledger.piloted(message(6))
    account.ledger.put_back(message(5))
    account.handle(5)
    account.close(Close(1001, "sent 6"), received=6)
    assert account.complaints == []
    assert account.ledger.checked == 7
    assert account.ledger.complete


def test_a_gap(account: Account) -> None:
    account.handle(1, 3)
    account.close(LOST, received=2)
    account.complained_of("[2] are missing before 3")


def test_a_second_time(account: Account) -> None:
    account.handle(1, 2)
    account.ledger.replied(message(2))
    account.complained_of("2 came a second time")


def test_a_wrong_order() -> None:
    account = Account()
    account.handle(2, 1)
    account.complained_of("on_message(1) after on_message(2)")


def test_a_pilot_behind_the_handlers(account: Account) -> None:
    account.handle(2)
    account.ledger.piloted(message(1))
    account.complained_of("a pilot was given 1 after on_message(2)")


def test_another_connection(account: Account) -> None:
    account.ledger.handling(message(1, "c.2"))
    account.complained_of("c.2 came on c.1")


def test_a_wrong_content(account: Account) -> None:
    account.ledger.handling({**message(100), "pad": "?"})
    account.complained_of("100 has a content that is not its own")


def test_more_handlers_than_workers() -> None:
    account = Account(workers=2)
    for number in (1, 2, 3):
        account.ledger.handling(message(number))
    account.complained_of("on_message(3) while 2 others run")


def test_before_the_open_and_after_the_close(account: Account) -> None:
    account.ledger.open = False
    account.handle(1)
    account.complained_of("on_message(1) before on_open had ended")
    account.complaints.clear()
    account.ledger.open = True
    account.close(LOST, received=1)
    account.handle(2)
    account.complained_of("on_message(2) after on_close had begun")


def test_a_close_that_should_not_be(account: Account) -> None:
    account.close(LOST, received=0)
    account.close(LOST, received=0)
    account.complained_of("on_close a second time")
    never_open = Account()
    never_open.ledger.open = False
    never_open.close(LOST, received=0)
    never_open.complained_of("without an on_open that succeeded")


def test_a_message_that_was_read_and_not_given_out(account: Account) -> None:
    account.handle(1, 2)
    account.close(LOST, received=3)
    account.complained_of("3 messages were read, but 2 accounted for")


def test_what_is_dropped_counts_if_somebody_hurried(account: Account) -> None:
    account.handle(1, 2)
    account.ledger.hurried = True
    account.close(Close(1001, client_initiated=True), received=5, dropped=3)
    assert account.complaints == []


def test_nothing_is_dropped_unless_somebody_hurried(account: Account) -> None:
    account.handle(1, 2)
    account.close(LOST, received=5, dropped=3)
    account.complained_of("3 messages dropped, though nobody hurried")


@pytest.mark.parametrize("late", [False, True])
def test_an_end_in_order_is_a_promise(late: bool) -> None:
    account = Account()
    account.handle(1, 2)
    if late:
        account.close(LOST, received=2)
        account.ledger.promise(3)
    else:
        account.ledger.promise(3)
        account.close(LOST, received=2)
    account.complained_of("the server sent 3 messages and ended in order")
    assert not account.ledger.complete


def test_a_close_frame_tells_how_many_there_were(account: Account) -> None:
    account.handle(1)
    account.close(Close(1000, "sent 2"), received=1)
    account.complained_of("the server sent 2 messages")


def test_what_is_disturbed_promises_nothing(account: Account) -> None:
    account.handle(1)
    account.ledger.promise(3)
    account.ledger.disturbed()
    account.close(LOST, received=1)
    assert account.complaints == []


def test_a_changed_byte_excuses_gaps_and_garbled_messages(account: Account) -> None:
    account.tainted = True
    account.handle(1, 3)
    account.ledger.could_not_decode(ValueError("the checksum does not fit"))
    account.close(Close(1000, "sent 9"), received=3)
    assert account.complaints == []


def test_a_changed_byte_excuses_nothing_else(account: Account) -> None:
    account.tainted = True
    account.handle(1, 1)
    assert any("a second time" in complaint for complaint in account.complaints)


def test_a_garbled_message_needs_a_changed_byte(account: Account) -> None:
    account.ledger.could_not_decode(ValueError("the checksum does not fit"))
    account.complained_of("though no byte was changed")


def test_a_changed_byte_is_not_taken_for_a_message() -> None:
    codec = Sealed()
    text = codec.encode({"c": "c.1", "n": 1})
    assert codec.decode(text) == {"c": "c.1", "n": 1}
    for at in range(len(text)):
        changed = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        with pytest.raises(ValueError, match="checksum"):
            codec.decode(changed)
