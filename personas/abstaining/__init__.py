"""What is not told of people: who they are, unless they said it of themselves or a table holds it."""
