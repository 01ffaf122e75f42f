"""Where ``tts-assets`` and ``python -m tts_assets`` begin."""

from tts_assets.cli.app import app


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
