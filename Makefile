# For habit's sake: each of these is a script and runs without make.
#   make demo OUT=DIR        make test ARGS="-k seal"
.PHONY: setup demo test lint bench conformance
export OUT

setup demo test lint bench conformance:
	@scripts/$@ $(ARGS)
