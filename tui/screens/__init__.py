"""What comes over the main screen: questions, prompts and help."""
