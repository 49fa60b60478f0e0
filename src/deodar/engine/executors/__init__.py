"""Where tasks run. Every module here holds one executor, every package a kind of them.

``protocol`` says what they promise.
"""
