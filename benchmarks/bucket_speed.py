"""Puts into a bucket and a listing of it, against obstore alone, in one run.

    python benchmarks/bucket_speed.py --bucket s3://clips --endpoint http://127.0.0.1:7480
        [--puts 10000] [--keys 1000000] [--threads 8] [--repeat 3] [--smoke]

Both sides put objects of 10 kB in the same number of threads, taking turns, and list the same prefix. The
keys to list are put first if they are not there. Credentials come from the environment. With --smoke and
no bucket, a server for tests is started.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import obstore.store

from tests.store.bucket_server import BUCKET, KEYS, serve_bucket
from tts_assets.store.bucket_storage import BucketStorage

if TYPE_CHECKING:
    from collections.abc import Callable

_BODY = os.urandom(10_000)


def put_all(put: Callable[[str], object], names: list[str], threads: int) -> float:
    """Put an object under each name; objects per second."""
    begun = perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(put, names))
    return len(names) / (perf_counter() - begun)


def open_plain(url: str, endpoint: str) -> Any:
    """Obstore as its documentation uses it."""
    options = {"allow_http": True}
    return obstore.store.from_url(url, client_options=options, endpoint=endpoint)


def _put_plain(store: Any, name: str) -> None:
    obstore.put(store, name, _BODY, use_multipart=False)


def _put_key(store: Any, name: str) -> None:
    obstore.put(store, name, b"", use_multipart=False)


def _put_ours(storage: BucketStorage, name: str) -> None:
    storage.put(name, _BODY)


def measure(options: argparse.Namespace) -> None:
    """Print medians and ratios."""
    run = uuid.uuid4().hex[:8]
    put_ratios, list_ratios = [], []
    folder = Path(tempfile.mkdtemp())
    for turn in range(options.repeat):
        names = [f"{run}/{turn}/{number:032x}.mp3" for number in range(options.puts)]
        plain = open_plain(f"{options.bucket}/plain", options.endpoint)
        ours = BucketStorage(folder, f"{options.bucket}/ours", endpoint=options.endpoint)
        puts = (partial(_put_plain, plain), partial(_put_ours, ours))
        rates = [0.0, 0.0]
        for side in (0, 1) if turn % 2 else (1, 0):
            rates[side] = put_all(puts[side], names, options.threads)
        put_ratios.append(rates[0] / rates[1])
        print(f"puts    plain {rates[0]:7.0f}/s  ours {rates[1]:7.0f}/s  {put_ratios[-1]:.2f}x")
    keys = open_plain(f"{options.bucket}/keys", options.endpoint)
    there = sum(len(page) for page in obstore.list(keys, prefix="vocabulary", chunk_size=1000))
    missing = [f"vocabulary/{number:024x}.mp3" for number in range(there, options.keys)]
    for first in range(0, len(missing), 10_000):
        put_all(partial(_put_key, keys), missing[first : first + 10_000], 32)
    for turn in range(options.repeat):
        ours = BucketStorage(folder, f"{options.bucket}/keys", endpoint=options.endpoint)
        plain = open_plain(f"{options.bucket}/keys", options.endpoint)
        seconds = [0.0, 0.0]
        counts = [0, 0]
        for side in (0, 1) if turn % 2 else (1, 0):
            begun = perf_counter()
            if side:
                counts[1] = len(ours.sizes(["vocabulary"]))
            else:
                pages = obstore.list(plain, prefix="vocabulary", chunk_size=1000)
                found = {each["path"]: each["size"] for page in pages for each in page}
                counts[0] = len(found)
                del found
            seconds[side] = perf_counter() - begun
        if counts[0] != counts[1]:
            sys.exit(f"listed {counts[1]} instead of {counts[0]} keys")
        list_ratios.append(seconds[1] / seconds[0])
        print(
            f"listing plain {seconds[0]:6.2f} s  ours {seconds[1]:6.2f} s  {list_ratios[-1]:.2f}x  "
            f"({counts[1]:,} keys)",
            flush=True,
        )
    print(f"puts: {statistics.median(put_ratios):.2f}x the time of obstore alone, ", end="")
    print(f"listing: {statistics.median(list_ratios):.2f}x")


def main() -> None:
    """Measure, against the bucket or a server for tests."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--bucket")
    parser.add_argument("--endpoint")
    parser.add_argument("--puts", type=int, default=10_000)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--smoke", action="store_true", help="a few objects, for seconds")
    options = parser.parse_args()
    if not options.smoke:
        measure(options)
        return
    options.puts, options.keys, options.repeat = 20, 50, 1
    os.environ |= KEYS
    os.environ.pop("SSL_CERT_DIR", None)
    with serve_bucket() as server:
        options.bucket, options.endpoint = f"s3://{BUCKET}", server.endpoint
        measure(options)


if __name__ == "__main__":
    main()
