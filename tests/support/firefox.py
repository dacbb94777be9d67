"""Debian's Firefox, asked through its own port: headless, cut from the network, no driver beside it.

Playwright brings a Firefox of its own, which not every machine can fetch. The browser itself
listens when it is started with ``--marionette``; a message is its length, a colon and JSON.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Self

# Foreign addresses meet a proxy that is not there; the first one is told in `foreign`.
SETTINGS = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "marionette.port": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.type": 1,
    "toolkit.telemetry.enabled": False,
}
PATIENCE = 180  # seconds: a busy machine is no fault of the page

# A formula that is laid out while the rest of it is still being read has too few parts for a moment.
MESSAGES = """const said = Services.console.getMessageArray().filter(m => m instanceof Ci.nsIScriptError
    && !(m.flags & Ci.nsIScriptError.warningFlag) && m.sourceName.startsWith(arguments[0])
    && !m.errorMessage.includes("Incorrect number of children"))
  .map(m => `${m.sourceName}:${m.lineNumber}: ${m.errorMessage}`);
Services.console.reset();
return said;"""
# As WebDriver's own setViewport does it: a window cannot be as narrow as a telephone.
VIEWPORT = """const style = gBrowser.selectedBrowser.style;
["width", "height"].forEach((side, i) => ["min-", "max-"].forEach(
  bound => style.setProperty(bound + side, arguments[i] + "px")));"""
SCHEME = """Services.prefs.setIntPref("layout.css.prefers-color-scheme.content-override", arguments[0]);"""
FOREIGN = """const home = arguments[0];
return performance.getEntriesByType("resource").map(entry => entry.name)
  .filter(name => !name.startsWith(home) && !/^(data|blob|resource|chrome):/.test(name));"""
LISTEN = """() => { window.saidLoudly = [];
  const say = console.error;
  console.error = (...all) => { saidLoudly.push(all.join(" ")); say(...all); }; }"""


class Firefox:
    """One window of a browser that a ``with`` starts and ends."""

    def __init__(self, program: str, folder: Path) -> None:
        profile = folder / "profile"
        profile.mkdir()
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in SETTINGS.items()]
        (profile / "user.js").write_text("".join(lines))
        arguments = ["--headless", "--no-remote", "--marionette", "--remote-allow-system-access"]
        with (folder / "firefox.log").open("w") as log:
            self.process = subprocess.Popen(
                [program, *arguments, "--profile", str(profile)],
                stdout=log,
                stderr=log,
                env=os.environ | {"HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
                start_new_session=True,
            )
        self.number, self.home = 0, ""
        try:
            self.socket = socket.create_connection(("127.0.0.1", self._port(profile)), 2 * PATIENCE)
            self.stream = self.socket.makefile("rb")
            self._read()
            self.ask("WebDriver:NewSession")
            self.ask("WebDriver:SetTimeouts", script=1000 * PATIENCE, pageLoad=1000 * PATIENCE)
        except BaseException:
            self.close()
            raise

    def _port(self, profile: Path) -> int:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            place = profile / "MarionetteActivePort"
            if place.exists() and (text := place.read_text().strip()):
                return int(text)
            time.sleep(0.1)
        raise RuntimeError(f"Firefox did not open its port; it ended with {self.process.poll()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser and the processes that it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if hasattr(self, "socket"):
            self.stream.close()
            self.socket.close()

    def _read(self) -> Any:
        size = b""
        while (byte := self.stream.read(1)) != b":":
            if not byte:
                raise ConnectionError("Firefox closed its port")
            size += byte
        return json.loads(self.stream.read(int(size)))

    def ask(self, command: str, **parameters: Any) -> Any:
        """What the browser answers to one command; its error is an error here."""
        self.number += 1
        message = json.dumps([0, self.number, command, parameters]).encode()
        self.socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, answer = self._read()
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return answer.get("value", answer) if isinstance(answer, dict) else answer

    def run(self, script: str, *arguments: Any, of_browser: bool = False) -> Any:
        """What a function (or the body of one) returns, in the page or in the browser itself."""
        if script.lstrip().startswith(("() =>", "async () =>")):
            script = f"return ({script})();"
        if of_browser:
            self.ask("Marionette:SetContext", value="chrome")
        try:
            return self.ask("WebDriver:ExecuteScript", script=script, args=list(arguments))
        finally:
            if of_browser:
                self.ask("Marionette:SetContext", value="content")

    def open(self, address: str) -> None:
        """Go to a page, and wait until it is loaded and has its fonts; the messages start anew."""
        self.messages()
        self.ask("WebDriver:Navigate", url=address)
        self.run("() => document.fonts.ready.then(() => true)")
        self.run(LISTEN)

    def wait(self, script: str, seconds: float = PATIENCE) -> Any:
        """What an expression is, once it is true."""
        until = time.monotonic() + seconds
        while not (found := self.run(f"return {script};")):
            assert time.monotonic() < until, f"waited in vain for {script}"
            time.sleep(0.05)
        return found

    def messages(self) -> list[str]:
        """Errors of scripts since the last question, and what was asked of other addresses."""
        said = self.run(MESSAGES, self.home or "http", of_browser=True)
        said += self.run("return window.saidLoudly ?? [];")
        return said + [f"foreign: {name}" for name in self.run(FOREIGN, self.home)]

    def size(self, width: int, height: int = 900) -> None:
        """The size of the page, as narrow as a telephone if need be."""
        self.run(VIEWPORT, width, height, of_browser=True)
        self.wait(f"innerWidth === {width}")

    def colours(self, name: str) -> None:
        """What the reader's system prefers: `light` or `dark`."""
        self.run(SCHEME, ["dark", "light"].index(name), of_browser=True)
        self.wait(f"document.documentElement.dataset.theme === '{name}'")

    def press(self, *keys: str) -> None:
        """Keys, one after the other, on what has the focus."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keys", "actions": strokes}]
        self.ask("WebDriver:PerformActions", actions=actions)

    def picture(self, path: Path, whole: bool = False) -> None:
        """What the window shows, or the whole page, as PNG."""
        import base64

        shot = self.ask("WebDriver:TakeScreenshot", full=whole, hash=False)
        path.write_bytes(base64.b64decode(shot))
