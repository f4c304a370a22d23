"""What a paper is, what a procedure needs, how an office works.

from profiles import load_paper, load_procedure

paper = load_paper("khai-sinh")
paper.title                      # 'Giấy khai sinh'
[c.paper for c in load_procedure("thuong-tru-cho-con").components]
"""

from profiles.loader import (
    BadProfile,
    UnknownProfile,
    all_of,
    check_file,
    load_any,
    load_basis,
    load_notice,
    load_office,
    load_paper,
    load_procedure,
    profile_folders,
)
from profiles.schema import (
    AnySigner,
    BatchRules,
    Component,
    Credential,
    Dated,
    FieldRules,
    LegalBasis,
    Limits,
    Notice,
    Office,
    PageRules,
    Paper,
    Procedure,
    RemoteSigner,
    SealRules,
    ServeRules,
    SignatureRules,
    Signer,
)

__all__ = [
    "AnySigner",
    "BadProfile",
    "BatchRules",
    "Component",
    "Credential",
    "Dated",
    "FieldRules",
    "LegalBasis",
    "Limits",
    "Notice",
    "Office",
    "PageRules",
    "Paper",
    "Procedure",
    "RemoteSigner",
    "SealRules",
    "ServeRules",
    "SignatureRules",
    "Signer",
    "UnknownProfile",
    "all_of",
    "check_file",
    "load_any",
    "load_basis",
    "load_notice",
    "load_office",
    "load_paper",
    "load_procedure",
    "profile_folders",
]
