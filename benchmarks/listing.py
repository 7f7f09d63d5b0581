"""
Listing a bucket, ours beside the cloud's own client: ``python -m benchmarks.listing [--cloud s3] [--latency-ms 100]``.

The canned server (``benchmarks.listing_server``) holds the keys, under 16 prefixes. Ours lists all ``--keys`` of
them. The cloud's own paginator takes minutes for a million, so it lists ``--peer-keys``, as does ours a second time:
ratios are of the same number of keys. Contestants take turns, each in a process of its own. MB are those of the pages
that the server sent. With ``--latency-ms`` wall seconds tell how many pages are asked for at the same time; they mean
little on a busy machine, so the load is printed beside them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

import requests

from benchmarks.listing_clients import ENVIRONMENT
from benchmarks.measure import ROOT, Cost, alternate, medians, ratio, run, surroundings, table

# Peers, and how many keys they list in a quarter of a minute.
PEERS = {"s3": "boto3", "gcs": "google-cloud-storage", "azure": "azure-storage-blob"}
PEER_KEYS = {"s3": 100_000, "gcs": 1_000_000, "azure": 50_000}
_HEADER = ("client", "keys", "CPU s", "keys per CPU s", "MB per CPU s", "wall s", "keys per s", "requests", "peak MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cloud", choices=PEERS, action="append", help="may be repeated; default: all")
    parser.add_argument("--keys", type=int, default=1_000_000, help="how many keys ours lists")
    parser.add_argument("--peer-keys", type=int, help="how many keys the cloud's own client lists")
    parser.add_argument("--latency-ms", type=float, default=0, help="how long the server holds back each page")
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    for cloud in options.cloud or PEERS:
        sys.stdout.write(f"\n{cloud}, {options.latency_ms:g} ms a page; {surroundings('obstore', PEERS[cloud])}\n\n")
        sys.stdout.write(
            compare(cloud, options.keys, options.peer_keys, options.latency_ms, options.repetitions) + "\n"
        )
        sys.stdout.flush()


def compare(cloud: str, keys: int, peer_keys: int, latency_ms: float, repetitions: int) -> str:
    """Return a table, and the ratios below it."""
    peer = PEERS[cloud]
    with ExitStack() as servers:
        large = servers.enter_context(listing_server(cloud, keys, latency_ms))
        small = servers.enter_context(listing_server(cloud, peer_keys, latency_ms))
        costs = alternate(
            {
                "ours": partial(_cost, large, "ours", cloud),
                "ours, as Python": partial(_cost, large, "ours_as_python", cloud),
                "ours, as many": partial(_cost, small, "ours", cloud),
                peer: partial(_cost, small, f"{cloud}_peer"),
            },
            repetitions,
        )
    few, peers = costs["ours, as many"], costs[peer]
    if few[0].result["size"] != peers[0].result["size"]:
        raise RuntimeError(f"ours found {few[0].result}, {peer} {peers[0].result}: they listed different things")
    rows = [_row(name, medians(runs)) for name, runs in costs.items()]
    ratios = f"{peer} to ours, as many keys: CPU {ratio(peers, few)}, wall {ratio(peers, few, 'wall_s')}"
    return f"{table(_HEADER, rows)}\n\n{ratios}"


@contextmanager
def listing_server(cloud: str, keys: int, latency_ms: float = 0) -> Iterator[str]:
    """Start the canned server as a process of its own, and give its URL."""
    command = [sys.executable, "-m", "benchmarks.listing_server", "--cloud", cloud, "--keys", str(keys)]
    command += ["--latency-ms", str(latency_ms)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            if process.stdout is None or not (url := process.stdout.readline().strip()):
                raise RuntimeError("the listing server did not start; what it said is above")
            yield url
        finally:
            process.terminate()


def _cost(url: str, contestant: str, *arguments: str) -> Cost:
    before = _sent(url)
    cost = run(f"benchmarks.listing_clients:{contestant}", *arguments, url, environment=ENVIRONMENT)
    after = _sent(url)
    objects, size = cost.result
    requests_and_bytes = {name: after[name] - before[name] for name in after}
    return replace(cost, result={"objects": objects, "size": size} | requests_and_bytes)


def _sent(url: str) -> dict[str, int]:
    sent: dict[str, int] = requests.get(f"{url}/_sent", timeout=10).json()
    return sent


def _row(name: str, cost: Cost) -> tuple[str, ...]:
    objects, sent = cost.result["objects"], cost.result
    return (
        name,
        f"{objects:,}",
        f"{cost.cpu_s:.2f}",
        f"{objects / cost.cpu_s:,.0f}",
        f"{sent['bytes'] / 1e6 / cost.cpu_s:.1f}",
        f"{cost.wall_s:.2f}",
        f"{objects / cost.wall_s:,.0f}",
        f"{sent['requests']}",
        f"{cost.peak_mb:.0f}",
    )


if __name__ == "__main__":
    main()
