"""A provider of questions that is out of order until it is mended."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = """At sea level, water boils at 100 °C. Water freezes at 0 °C. The water cycle describes how water moves between
the ocean, the air and the land. Evaporation turns liquid water into water vapour when the sun warms the ocean."""

QUESTION = {
    "type": "multiple_choice",
    "question": "At which temperature does water boil at sea level?",
    "options": ["90 °C", "100 °C", "110 °C", "120 °C"],
    "answer": "100 °C",
    "accepted": [],
    "tolerance": None,
    "explanation": "At the air pressure of sea level the boiling point of water is 100 °C.",
    "difficulty": "easy",
    "bloom": "remember",
    "quote": "At sea level, water boils at 100 °C.",
    "page": 1,
}


class Provider:
    """Speaks DeepSeek's protocol. Out of order it answers like a gateway that has lost its way to the model."""

    OUTAGE = 404

    def __init__(self):
        self.works = False
        self.calls = 0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                provider.calls += 1
                if provider.works:
                    self.answer(200, "text/event-stream", events())
                else:
                    self.answer(provider.OUTAGE, "application/json", b'{"error":{"message":"no route"}}')

            def answer(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def events():
    """A whole answer with one question."""
    def chunk(delta, reason=None):
        return {
            "id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": None,
        }

    usage = {
        "prompt_tokens": 900, "completion_tokens": 120, "total_tokens": 1020, "prompt_cache_hit_tokens": 800,
        "prompt_cache_miss_tokens": 100,
    }
    chunks = [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": json.dumps({"questions": [QUESTION]}, ensure_ascii=False)}),
        chunk({"content": ""}, "stop"),
        {"id": "scripted", "object": "chat.completion.chunk", "choices": [], "usage": usage},
    ]
    said = "".join(f"data: {json.dumps(data, ensure_ascii=False)}\n\n" for data in chunks)
    return f"{said}data: [DONE]\n\n".encode()
