import asyncio


async def test_x():
    await asyncio.sleep(3600)
    assert asyncio.get_running_loop().time() >= 3600
