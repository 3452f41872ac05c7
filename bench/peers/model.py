# The peer "model design": an asyncio process with Redis. A message is appended to the list of its room in Redis, which
# decides the order, and then sent to all players.
# Written to be fast: uvloop, hiredis, one connection, one pipeline for all messages that arrived meanwhile.
# Rooms are paths: `/r/<room>`. Argument: the port of Redis.
import asyncio
import sys

import redis.asyncio
import uvloop
import websockets

rooms = {}
arrived = asyncio.Queue()


async def serve(socket, path):
    members = rooms.setdefault(path, set())
    members.add(socket)
    try:
        async for body in socket:
            arrived.put_nowait((path, body))
    except websockets.ConnectionClosed:
        pass
    finally:
        members.discard(socket)


async def store_and_relay(store):
    while True:
        batch = [await arrived.get()]
        while not arrived.empty():
            batch.append(arrived.get_nowait())
        pipeline = store.pipeline(transaction=False)
        for path, body in batch:
            pipeline.rpush(path, body)
        await pipeline.execute()
        for path, body in batch:
            websockets.broadcast(rooms[path], body)


async def main():
    global arrived
    arrived = asyncio.Queue()
    store = redis.asyncio.Redis(port=int(sys.argv[1]))
    await store.ping()
    settings = {"compression": None, "ping_interval": None, "backlog": 4096}
    async with websockets.serve(serve, "127.0.0.1", 0, **settings) as server:
        print("ready", server.sockets[0].getsockname()[1], flush=True)
        await store_and_relay(store)


uvloop.install()
asyncio.run(main())
