"""`python -m personas`: the same as the command `personas`."""

from persona_kit.start import main

if __name__ == "__main__":
    main()
