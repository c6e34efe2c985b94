"""The narrative: what it is made of, its plain sentences, what a sentence may say, and names and openings apart."""
