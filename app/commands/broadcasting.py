"""The options by which a camera's events go to other programs as they happen: a port of its own, MQTT."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from app.batch.jobs import live
from app.batch.options import HERE, Options
from models.system.options import nonempty, path
from models.system.options import port as read_port

if TYPE_CHECKING:
    from app.broadcast.mqtt import MqttSink
    from app.broadcast.source import Sink

_NEEDS = {  # option -> what it needs
    "token": "serve", "allow_host": "serve", "mqtt_password": "mqtt", "mqtt_ca": "mqtt", "mqtt_cert": "mqtt",
    "mqtt_key": "mqtt", "home_assistant": "mqtt",
}  # fmt: skip


def add_broadcast(command: argparse.ArgumentParser) -> None:
    """Add the options."""
    group = command.add_argument_group("for other programs (docs/events.md)")
    group.add_argument(
        "--serve", type=address, metavar="[HOST:]PORT", help="events of cameras as they happen, by Server-Sent Events "
        "and WebSocket, and a page for OBS; on this machine alone unless HOST is another address of it"
    )  # fmt: skip
    group.add_argument(
        "--token", type=nonempty, metavar="TEXT|FILE", help="the leave to listen, 16 or more letters, digits, - and _ "
        "(default: a new one, which is shown)"
    )  # fmt: skip
    group.add_argument(
        "--allow-host", action="append", metavar="NAME", help="a further name of this machine, or of one whose pages "
        "may listen; may be given several times"
    )  # fmt: skip
    group.add_argument(
        "--mqtt", type=nonempty, metavar="ADDRESS", help="publish events below a topic: mqtt://HOST/TOPIC, or "
        "encrypted mqtts://USER@HOST/TOPIC (needs the extra `mqtt`)"
    )  # fmt: skip
    group.add_argument("--mqtt-password", type=path, metavar="FILE", help="a file with the user's password")
    group.add_argument("--mqtt-ca", type=path, metavar="FILE", help="certificates that the broker's must go back to")
    group.add_argument(
        "--mqtt-cert", type=path, metavar="FILE", help="this program's certificate, for brokers that ask"
    )
    group.add_argument("--mqtt-key", type=path, metavar="FILE", help="its key, where that file does not hold it")
    group.add_argument("--home-assistant", action="store_true", help="with --mqtt: describe the device to it")


def address(text: str) -> tuple[str, int]:
    """Read an address to listen on: PORT, or HOST:PORT, for argparse."""
    host, colon, port = text.rpartition(":")
    if colon and not host:
        raise argparse.ArgumentTypeError(f"there is no host before the colon of {text!r}")
    return host or "127.0.0.1", read_port(port)


@contextmanager
def broadcasting(args: argparse.Namespace, options: Options, labels: Sequence[str]) -> Generator[list[Sink]]:
    """Open what the options ask for, and yield where events are to go; nothing where they ask for nothing.

    Args:
        args: the command line.
        options: of the run.
        labels: short ids of all actions that may be named.

    Raises:
        ValueError: an option needs another, the port is taken, or an address is none.
    """
    _check(args, options)
    with ExitStack() as opened:
        sinks: list[Sink] = []
        if args.serve:
            sinks.append(_served(args, opened))
        if args.mqtt:
            sinks.append(opened.enter_context(_mqtt(args, options, labels)))
        yield sinks


def _check(args: argparse.Namespace, options: Options) -> None:
    for name, other in _NEEDS.items():
        if getattr(args, name) and not getattr(args, other):
            raise ValueError(f"--{name.replace('_', '-')} is for --{other}")
    if not (args.serve or args.mqtt):
        return
    if options.workers > 1 or options.engine != HERE:
        raise ValueError("--serve and --mqtt are for one camera at a time: leave out --workers and --engine")
    if all(live(text) is None for text in args.inputs if text):
        raise ValueError(
            "--serve and --mqtt are for cameras and addresses, and no input is one; docs/events.md tells how a film "
            "is played as a camera"
        )
    if args.serve and options.quiet and not args.token:
        raise ValueError("--quiet would hide the token that is made: give one with --token")


def _served(args: argparse.Namespace, opened: ExitStack) -> Sink:
    from app.broadcast.hub import Hub
    from app.broadcast.source import new_instance
    from app.page.access import is_local
    from app.page.event_door import PATH
    from app.page.event_server import read_token, serve_events

    hub, token, (host, port) = Hub(new_instance()), read_token(args.token), args.serve
    here = opened.enter_context(serve_events(hub, token, host, port, args.allow_host or ()))
    if not args.quiet:
        shown = "TOKEN" if args.token else token
        print(f"Events are at {here}{PATH[1:]}?token={shown}", file=sys.stderr)
        print(f"and a page for OBS at {here}?overlay&token={shown}", file=sys.stderr)
    if not is_local(host):
        print("warning: events and tokens travel unencrypted; whoever has the token can listen", file=sys.stderr)
    return hub


def _mqtt(args: argparse.Namespace, options: Options, labels: Sequence[str]) -> MqttSink:
    from app.broadcast.mqtt import MqttSink
    from app.broadcast.mqtt_address import read_broker
    from app.page.access import is_local
    from models.labels import SILENT

    def say(line: str) -> None:
        if not options.quiet:
            print(line, file=sys.stderr, flush=True)

    files = {"authorities": args.mqtt_ca, "certificate": args.mqtt_cert, "key": args.mqtt_key}
    broker = read_broker(args.mqtt, args.mqtt_password, **files)
    if broker.password is not None and not broker.tls and not is_local(broker.host):
        print("warning: the broker's password and events travel unencrypted; mqtts:// encrypts", file=sys.stderr)
    named = [label for label in labels if label not in SILENT and options.keeps(label, 1.0)]
    return MqttSink(broker, named, args.home_assistant, say)
