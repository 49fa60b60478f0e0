"""Where tasks run. Every module here holds one executor; ``protocol`` says what they promise."""
