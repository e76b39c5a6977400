"""torchvision's input pipeline as the article has it: torch_preprocess.py RESIZE BATCH WORKERS"""

import json
import resource
import sys
import time

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

size, batch, workers = map(int, sys.argv[1:4])
torch.set_num_threads(1)


class Images(Dataset):
    """As torchvision.datasets.CIFAR10: arrays in memory, a PIL image for each."""

    def __init__(self):
        self.data = np.random.default_rng(0).integers(0, 256, (1024, 32, 32, 3), dtype=np.uint8)
        self.transform = transforms.Compose(
            [
                transforms.Resize((size, size)),
                transforms.ToTensor(),
                transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
            ]
        )

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.data[index])), index % 10


def batches():
    while True:
        yield from DataLoader(Images(), batch_size=batch, shuffle=True, num_workers=workers)


stream = batches()
next(stream)
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    for _ in range(json.loads(line)["repeat"]):
        next(stream)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_rss_bytes": peak}), flush=True)
