"""Owns all-MiniLM-L6-v2 as its makers publish it: reading its weights, running it, and exporting it.

weights  the file of weights, and which one it must be
forward  the model itself, in numpy
export   the model as an ONNX graph, and that graph with weights of eight bits
"""
