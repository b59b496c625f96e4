"""The same program as custom_training_loop.rs in PyTorch, whose callbacks one writes oneself."""

import csv

import torch
from torch import nn
from torchvision.datasets import MNIST


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.wait = patience, None, 0

    def should_stop(self, value):
        if self.best is None or value < self.best:
            self.best, self.wait = value, 0
            return False
        self.wait += 1
        return self.wait >= self.patience


def load(train):
    data = MNIST("data", train=train, download=True)
    return data.data.float() / 255, data.targets


(x_train, y_train), (x_test, y_test) = load(True), load(False)
x_train, y_train = x_train[:10_000], y_train[:10_000]

torch.manual_seed(42)
model = nn.Sequential(
    nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10)
)
loss_function = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
early_stopping = EarlyStopping(patience=2)

with open("training.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["epoch", "accuracy", "loss"])
    for epoch in range(5):
        model.train()
        correct, losses = 0, 0.0
        order = torch.randperm(len(y_train))
        for rows in order.split(64):
            x, y = x_train[rows], y_train[rows]
            optimizer.zero_grad()
            y_pred = model(x)
            loss = loss_function(y_pred, y)
            loss.backward()
            optimizer.step()
            correct += (y_pred.argmax(1) == y).sum().item()
            losses += loss.item() * len(rows)
        accuracy, loss = correct / len(order), losses / len(order)
        writer.writerow([epoch, accuracy, loss])
        print(f"epoch {epoch + 1}: accuracy: {accuracy:.4f} - loss: {loss:.4f}")
        if early_stopping.should_stop(loss):
            break

model.eval()
with torch.no_grad():
    y_pred = model(x_test)
    accuracy = (y_pred.argmax(1) == y_test).float().mean().item()
    print(f"on the test set: accuracy: {accuracy:.4f} - loss: {loss_function(y_pred, y_test).item():.4f}")
