"""PyTorch's training step or evaluation: torch_step.py SIZE BATCH STEM THREADS train|evaluate eager|channels_last|compile"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch_model import GoogLeNet

size, batch, stem, threads, mode, variant = sys.argv[1:7]
size, batch = int(size), int(batch)
torch.set_num_threads(int(threads))
torch.manual_seed(0)
model = GoogLeNet(size, stem)
images = torch.randn(batch, 3, size, size)
labels = torch.arange(batch) % 10
if variant != "eager":
    model = model.to(memory_format=torch.channels_last)
    images = images.to(memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
model.train(mode == "train")
run = torch.compile(model) if variant == "compile" else model


def work():
    if mode == "evaluate":
        with torch.no_grad():
            return (run(images).argmax(1) == labels).sum().item()
    main, auxiliary = run(images)
    loss = F.cross_entropy(main, labels) + 0.4 * F.cross_entropy(auxiliary, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


began = time.perf_counter()
work()
print(json.dumps({"ready": True, "first_seconds": time.perf_counter() - began, "torch": torch.__version__}), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    for _ in range(json.loads(line)["repeat"]):
        work()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_rss_bytes": peak}), flush=True)
