"""A real browser, driven over its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60.0
"""Seconds after which something counts as not coming."""
GLANCE = 0.05
STILL = 150
"""Milliseconds for which an element stays where it is before it is clicked."""
SHOWN = 2_000
"""Characters of a page in the message of what never came."""
GRACE = 4.0
"""Seconds after which a click counts as lost, where it can be done again."""
FLAGS = (
    "--headless=new", "--remote-debugging-port=0", "--remote-allow-origins=*", "--no-first-run", "--disable-gpu",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-extensions",
    "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio", "--window-size=1400,1000",
)  # fmt: skip


def executable() -> str | None:
    """Return where a Chromium is, or None."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Page:
    """One tab. `errors` are what a developer would see in red, `requests` all addresses it asked for."""

    browser: Browser
    session: str
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    loads: int = 0

    def open(self, url: str) -> None:
        """Go to an address, and wait until it is loaded."""
        before = self.loads
        self.send("Page.navigate", url=url)
        self.browser.until(lambda: self.loads > before, f"{url} is not loaded")

    def evaluate(self, script: str) -> Any:
        """Return what an expression is, as JSON; a promise is waited for."""
        answer = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, script: str, *, patience: float = PATIENCE) -> Any:
        """Wait until an expression is true; return it. The page may change, or go away, meanwhile."""
        found: Any = None

        def seen() -> bool:
            nonlocal found
            try:
                found = self.evaluate(script)
            except (AssertionError, RuntimeError):
                found = None
            return bool(found)

        try:
            self.browser.until(seen, f"never true: {script}", patience)
        except AssertionError as error:
            error.add_note(f"The page says: {self.text()[:SHOWN]}")
            raise
        return found

    def text(self, selector: str = "body") -> str:
        """Return the text of an element as a person sees it."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def see(self, words: str, *, patience: float = PATIENCE) -> None:
        """Wait until words are on the page."""
        self.wait(f"document.body.innerText.includes({json.dumps(words)})", patience=patience)

    def click(self, selector: str, words: str = "", *, patience: float = PATIENCE) -> None:
        """Click with the mouse on the last element of `selector` that has `words`, as soon as it is there to be hit.

        It has to have stood still and to be on top: a click on what is still moving would fall beside it.
        """
        find = (
            f"[...document.querySelectorAll({json.dumps(selector)})].filter(one => "
            f"one.textContent.includes({json.dumps(words)}) && one.getClientRects().length).at(-1)"
        )
        place = self.wait(
            f"(async () => {{ const one = {find}; if (!one || one.disabled) return null;"
            "one.scrollIntoView({block: 'center'}); const before = one.getBoundingClientRect();"
            f"await new Promise(done => setTimeout(done, {STILL}));"
            "const box = one.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;"
            "const hit = document.elementFromPoint(x, y);"
            "const moved = ['x', 'y', 'width', 'height'].some(side => before[side] !== box[side]);"
            "return !moved && hit && one.contains(hit) ? {x, y} : null; })()",
            patience=patience,
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def click_until(self, true: str, selector: str, words: str = "") -> Any:
        """Click until an expression is true; return it. A page that is still being built moves away under the mouse."""
        for _attempt in range(9):
            self.click(selector, words)
            with contextlib.suppress(AssertionError):
                return self.wait(true, patience=GRACE)
        return self.wait(true)

    def choose(self, selector: str, option: str, words: str) -> None:
        """Open a list by a click and choose from it; again while the page that is still being built closes it."""
        for attempt in range(5):
            self.click(selector)
            try:
                self.click(option, words, patience=PATIENCE if attempt == 4 else GRACE)
            except AssertionError:
                self.evaluate("document.activeElement.blur()")
            else:
                return
        raise AssertionError(f"{words} cannot be chosen from {selector}")

    def type(self, words: str, *, enter: bool = False) -> None:
        """Type into what has the focus."""
        self.send("Input.insertText", text=words)
        if enter:
            key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
            for kind in ("keyDown", "keyUp"):
                self.send("Input.dispatchKeyEvent", type=kind, **key)

    def screenshot(self, path: Path) -> Path:
        """Keep a picture of the whole page; return its path."""
        taken = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))
        return path

    def send(self, method: str, **parameters: Any) -> Any:
        """Give the tab a command and return the answer."""
        return self.browser.send(method, self.session, **parameters)

    def note(self, method: str, said: dict[str, Any]) -> None:
        """Take an event in."""
        match method:
            case "Page.loadEventFired":
                self.loads += 1
            case "Page.javascriptDialogOpening":
                self.dialogs.append(said["message"])
                self.browser.post("Page.handleJavaScriptDialog", self.session, accept=True)
            case "Network.requestWillBeSent":
                self.requests.append(said["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(str(said["exceptionDetails"]))
            case "Log.entryAdded" if said["entry"]["level"] == "error":
                self.errors.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")
            case "Runtime.consoleAPICalled" if said["type"] in ("error", "assert"):
                self.errors.append(str([one.get("value", one.get("description")) for one in said["args"]]))


class Browser:
    """A browser that runs."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._pages: dict[str, Page] = {}
        self._number = 0

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Open a tab that shares nothing with others."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.send(f"{domain}.enable")
        try:
            yield page
        finally:
            self.send("Target.disposeBrowserContext", browserContextId=context)
            del self._pages[session]

    def post(self, method: str, session: str | None = None, **parameters: Any) -> int:
        """Give a command without waiting for the answer; return its number."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        self._connection.send(json.dumps({**command, "sessionId": session} if session else command))
        return self._number

    def send(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        """Give a command and return its answer; RuntimeError when it is refused."""
        number = self.post(method, session, **parameters)
        while True:
            said = json.loads(self._connection.recv(PATIENCE))
            if said.get("id") == number:
                if "error" in said:
                    raise RuntimeError(f"{method}: {said['error']['message']}")
                return said["result"]
            self._take(said)

    def until(self, true: Any, wrong: str, patience: float = PATIENCE) -> None:
        """Take events in until something is true."""
        end = time.monotonic() + patience
        while not true():
            if time.monotonic() > end:
                raise AssertionError(wrong)
            try:
                self._take(json.loads(self._connection.recv(GLANCE)))
            except TimeoutError:
                continue

    def _take(self, said: dict[str, Any]) -> None:
        page = self._pages.get(said.get("sessionId", ""))
        if page is not None and "method" in said:
            page.note(said["method"], said["params"])


@contextmanager
def running(path: str, folder: Path) -> Iterator[Browser]:
    """Run a browser whose profile is in `folder`."""
    flags = [*FLAGS, f"--user-data-dir={folder}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    process = subprocess.Popen([path, *flags, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(_address(process, folder), max_size=None, proxy=None, compression=None) as connection:
            yield Browser(connection)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[bytes], folder: Path) -> str:
    """Wait until the browser says where it listens."""
    end, said = time.monotonic() + PATIENCE, folder / "DevToolsActivePort"
    while time.monotonic() < end and process.poll() is None:
        if said.exists() and len(lines := said.read_text(encoding="utf-8").split()) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(GLANCE)
    raise AssertionError("the browser did not start")
