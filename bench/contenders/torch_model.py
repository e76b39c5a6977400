"""The article's GoogLeNet in PyTorch, at any input size, and with the stem of googlenet-cifar10-32.yaml."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class Inception(nn.Module):
    def __init__(self, channels, conv1x1, reduce3, conv3x3, reduce5, conv5x5, convpool):
        super().__init__()
        self.conv1x1 = nn.Conv2d(channels, conv1x1, 1)
        self.conv3x3_reduce = nn.Conv2d(channels, reduce3, 1)
        self.conv3x3 = nn.Conv2d(reduce3, conv3x3, 3, padding=1)
        self.conv5x5_reduce = nn.Conv2d(channels, reduce5, 1)
        self.conv5x5 = nn.Conv2d(reduce5, conv5x5, 5, padding=2)
        self.convpool = nn.Conv2d(channels, convpool, 1)

    def forward(self, x):
        return torch.cat(
            [
                F.relu(self.conv1x1(x)),
                F.relu(self.conv3x3(F.relu(self.conv3x3_reduce(x)))),
                F.relu(self.conv5x5(F.relu(self.conv5x5_reduce(x)))),
                F.relu(self.convpool(F.max_pool2d(x, 3, 1, 1))),
            ],
            1,
        )


class Auxiliary(nn.Module):
    def __init__(self, grid):
        super().__init__()
        self.conv = nn.Conv2d(704, 128, 1)
        self.fc1 = nn.Linear(128 * grid * grid, 1024)
        self.fc2 = nn.Linear(1024, 10)

    def forward(self, x):
        x = self.conv(F.avg_pool2d(x, 5, 2)).flatten(1)
        return self.fc2(F.relu(self.fc1(x)))


class GoogLeNet(nn.Module):
    def __init__(self, size, stem):
        super().__init__()
        self.second_pool = stem == "article"
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 1) if stem == "article" else nn.Conv2d(3, 64, 5, 2, 2)
        self.conv2 = nn.Conv2d(64, 192, 3, padding=1)
        self.inception1 = Inception(192, 64, 96, 128, 16, 32, 32)
        self.inception2 = Inception(256, 128, 128, 192, 32, 96, 64)
        self.inception3 = Inception(480, 192, 128, 256, 64, 128, 128)
        self.fc = nn.Linear(704, 10)
        with torch.no_grad():
            grid = F.avg_pool2d(self.features(torch.zeros(1, 3, size, size)), 5, 2).shape[-1]
        self.aux_classifier = Auxiliary(grid)

    def features(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 3, 2, 1)
        x = F.relu(self.conv2(x))
        if self.second_pool:
            x = F.max_pool2d(x, 3, 2, 1)
        return self.inception3(self.inception2(self.inception1(x)))

    def forward(self, x):
        features = self.features(x)
        main = self.fc(features.mean((2, 3)))
        return (main, self.aux_classifier(features)) if self.training else main
