from wsengine import Close, Endpoint, Engine, Session, run


class Hello(Endpoint):
    async def on_open(self, session: Session, *, restarting: bool) -> None:
        await session.send("hello again" if restarting else "hello")

    def on_message(self, session: Session, message: str | bytes) -> None:
        print("received:", message, flush=True)

    def on_close(self, session: Session, close: Close) -> None:
        print("closed:", close, flush=True)


run(Engine("ws://127.0.0.1:8765", Hello()))
