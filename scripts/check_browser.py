#!/usr/bin/env python3
"""Plays a video in headless Chromium and compares what its <video> element shows with what ffmpeg decodes.

    scripts/check_browser.py VIDEO.mp4

Seeks to several frames, draws each to a canvas, and compares the colours at a grid of points. If the video has sound, it is
decoded (decodeAudioData of an OfflineAudioContext), and the first sample that is louder than half the loudest must be the same
as ffmpeg's, to the very sample; the <video> element must have played some of it. A file in fragments is given to the element
piece by piece, through a MediaSource, as a page does that plays a video while it is made; of its sound it is only checked that it
is played. Needs Chromium and ffmpeg; without them it says so and exits with 77, as a test that was skipped.
"""

import array
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading

COLUMNS, ROWS = 32, 18
TOLERANCE = 16  # code values: browsers scale and convert colours in their own ways
PAGE = """<!doctype html><video id="video" muted></video><script>
const video = document.getElementById("video"), canvas = document.createElement("canvas");
const tell = (what) => fetch("/told", {method: "POST", body: JSON.stringify(what)});
const seek = (time) => new Promise((done) => { video.onseeked = done; video.currentTime = time; });
video.onerror = () => tell({error: video.error.message});
video.onloadeddata = async () => {
    canvas.width = video.videoWidth; canvas.height = video.videoHeight;
    const context = canvas.getContext("2d"), frames = [];
    for (const frame of FRAMES) {
        await seek((frame + 0.5) / RATE);
        await new Promise((done) => setTimeout(done, 100));
        context.drawImage(video, 0, 0);
        const points = [];
        for (let row = 0; row < ROWS; row++) for (let column = 0; column < COLUMNS; column++) {
            const x = Math.floor((column + 0.5) * canvas.width / COLUMNS);
            const y = Math.floor((row + 0.5) * canvas.height / ROWS);
            points.push(...context.getImageData(x, y, 1, 1).data.slice(0, 3));
        }
        frames.push(points);
    }
    const told = {width: video.videoWidth, height: video.videoHeight, frames};
    if (SOUND) {
        try { Object.assign(told, await hear(SOUND)); } catch (error) { told.soundError = `${error}`; }
    }
    tell(told);
};
// A file in fragments, as it comes.
if (PIECES) {
    const source = new MediaSource();
    source.onsourceopen = async () => {
        try {
            const buffer = source.addSourceBuffer(PIECES.type), bytes = await (await fetch("/video.mp4")).arrayBuffer();
            for (let at = 0; at < bytes.byteLength; at += PIECES.bytes) {
                const taken = new Promise((done) => { buffer.onupdateend = done; });
                buffer.appendBuffer(bytes.slice(at, at + PIECES.bytes));
                await taken;
            }
            source.endOfStream();
        } catch (error) { tell({error: `${error}`}); }
    };
    video.src = URL.createObjectURL(source);
} else video.src = "/video.mp4";
// Where the sound begins, and whether the element plays it.
const hear = async ({rate, channels}) => {
    const bytes = await (await fetch("/video.mp4")).arrayBuffer();
    const decoded = await new OfflineAudioContext(channels, 1, rate).decodeAudioData(bytes);
    const samples = decoded.getChannelData(0);
    let loudest = 0, onset = 0;
    for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
    while (Math.abs(samples[onset]) < loudest / 2) onset++;
    await seek(0);
    video.muted = false;
    await video.play();
    for (let wait = 0; wait < 50 && !video.webkitAudioDecodedByteCount; wait++)
        await new Promise((done) => setTimeout(done, 100));
    return {onset, length: samples.length, played: video.webkitAudioDecodedByteCount};
};
</script>"""


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def probe(video):
    keys = "width,height,r_frame_rate,nb_read_packets"
    command = ["ffprobe", "-v", "error", "-select_streams", "v", "-count_packets", "-show_entries", f"stream={keys}"]
    command += ["-of", "json", video]
    stream = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"][0]
    numerator, denominator = map(int, stream["r_frame_rate"].split("/"))
    return stream["width"], stream["height"], numerator / denominator, int(stream["nb_read_packets"])


def probe_sound(video):
    """Rate and channels of the sound; None without sound."""
    command = ["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_entries", "stream=sample_rate,channels", "-of", "json"]
    streams = json.loads(subprocess.run(command + [video], check=True, capture_output=True).stdout)["streams"]
    return {"rate": int(streams[0]["sample_rate"]), "channels": streams[0]["channels"]} if streams else None


def pieces(video, sound):
    """How a file in fragments is given to a MediaSource; None for any other file."""
    with open(video, "rb") as file:
        head = file.read(1 << 16)
    if b"mvex" not in head:
        return None
    # Profile, constraints and level are behind the version of the AVC configuration.
    at = head.index(b"avcC") + 5
    codecs = [f"avc1.{head[at:at + 3].hex()}"] + (["mp4a.40.2"] if sound else [])
    return {"type": f'video/mp4; codecs="{", ".join(codecs)}"', "bytes": 100_000}


def onset(video, channels):
    """The first sample frame whose first channel is louder than half the loudest, as ffmpeg decodes it."""
    command = ["ffmpeg", "-v", "error", "-i", video, "-map", "0:a:0", "-f", "f32le", "-"]
    samples = array.array("f", subprocess.run(command, check=True, capture_output=True).stdout)[::channels]
    threshold = max(map(abs, samples), default=0) / 2
    return next(index for index, sample in enumerate(samples) if abs(sample) >= threshold)


def decoded(video, frame, width, height):
    """The colours at the grid of frame `frame`, as ffmpeg decodes them."""
    scale = "scale=in_color_matrix=bt709:in_range=tv:out_range=pc,format=rgb24"
    command = ["ffmpeg", "-v", "error", "-i", video, "-vf", f"select=eq(n\\,{frame}),{scale}", "-frames:v", "1"]
    raw = subprocess.run(command + ["-f", "rawvideo", "-"], check=True, capture_output=True).stdout
    points = []
    for row in range(ROWS):
        for column in range(COLUMNS):
            x, y = int((column + 0.5) * width / COLUMNS), int((row + 0.5) * height / ROWS)
            points.extend(raw[(y * width + x) * 3:][:3])
    return points


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    video = sys.argv[1]
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        skip("Chromium is not installed")
    if not (shutil.which("ffmpeg") and shutil.which("ffprobe")):
        skip("ffmpeg is not installed")
    width, height, rate, count = probe(video)
    frames = sorted({count * part // 8 for part in range(8)} | {1, count - 1})
    page = PAGE.replace("FRAMES", json.dumps(frames)).replace("RATE", str(rate))
    sound = probe_sound(video)
    fragments = pieces(video, sound)
    page = page.replace("SOUND", json.dumps(sound)).replace("PIECES", json.dumps(fragments))
    page = page.replace("COLUMNS", str(COLUMNS)).replace("ROWS", str(ROWS))
    told, ready = {}, threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def answer(self, kind, body):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            if self.path == "/video.mp4":
                with open(video, "rb") as file:
                    data = file.read()
                begin = 0
                if "Range" in self.headers:
                    begin = int(self.headers["Range"].split("=")[1].split("-")[0])
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
                else:
                    self.send_response(200)
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Type", "video/mp4")
                self.send_header("Content-Length", str(len(data) - begin))
                self.end_headers()
                try:
                    self.wfile.write(data[begin:])
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it seeks
            else:
                self.answer("text/html", page.encode())

        def do_POST(self):
            told.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer("text/plain", b"")
            ready.set()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
        command += ["--autoplay-policy=no-user-gesture-required", f"http://127.0.0.1:{server.server_port}/"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if not ready.wait(120):
                sys.exit("failed: the browser told nothing within two minutes")
        finally:
            process.terminate()
            process.wait()
    if "error" in told:
        sys.exit(f"failed: the browser cannot play it: {told['error']}")
    if (told["width"], told["height"]) != (width, height):
        sys.exit(f"failed: {told['width']}x{told['height']} instead of {width}x{height}")
    for frame, seen in zip(frames, told["frames"]):
        expected = decoded(video, frame, width, height)
        differences = sorted(abs(a - b) for a, b in zip(seen, expected))
        # Points on an edge may differ by more.
        if differences[len(differences) * 98 // 100] > TOLERANCE:
            sys.exit(f"failed: frame {frame} differs by {differences[-1]}, 98 % by {differences[len(differences) * 98 // 100]}")
    heard = ""
    if sound:
        if "soundError" in told:
            sys.exit(f"failed: the browser cannot play the sound: {told['soundError']}")
        expected = onset(video, sound["channels"])
        if not fragments and told["onset"] != expected:
            sys.exit(f"failed: the sound begins at sample {told['onset']} instead of {expected}")
        if not told["played"]:
            sys.exit("failed: the <video> element plays no sound")
        heard = f", and the sound begins at sample {expected}"
    print(f"passed: {len(frames)} frames of {video} look the same in {browser}{heard}")


main()
