"""What tests share: real servers on free ports, started with the files that we ship."""
