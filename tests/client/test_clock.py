from __future__ import annotations

from pjai.clock import clock
from pjai_wire.ids import now_ms


async def test_it_is_the_present_and_moves_on() -> None:
    before = now_ms()
    with clock(tick_s=0.001) as present:
        first = await anext(present)
        second = await anext(present)
        assert before <= first < second <= now_ms()
    assert [instant async for instant in present] == []
