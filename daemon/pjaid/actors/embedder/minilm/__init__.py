"""Owns all-MiniLM-L6-v2 as its makers publish it: reading its weights, running it, and exporting it.

weights  the file of weights, and which one it must be
forward  the model itself, in numpy
graph    the same as an ONNX graph
export   a folder with that graph, its weights of eight bits
"""
