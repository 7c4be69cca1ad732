//! Where things are in the text of a scenario: a tree of spans beside the RON parser.
