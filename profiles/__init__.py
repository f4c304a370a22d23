"""What a paper is, what a procedure needs, how an office works.

from profiles import load_paper, load_procedure

paper = load_paper("khai-sinh")
paper.title                      # 'Giấy khai sinh'
[c.paper for c in load_procedure("thuong-tru-cho-con").components]
"""

from profiles.base import Dated
from profiles.exchange import ComponentForm, Webhook
from profiles.loader import (
    BadProfile,
    UnknownProfile,
    all_of,
    check_file,
    load_any,
    load_basis,
    load_form,
    load_notice,
    load_office,
    load_paper,
    load_procedure,
    profile_folders,
)
from profiles.schema import (
    AnySigner,
    Component,
    Credential,
    FieldRules,
    LegalBasis,
    Notice,
    Office,
    PageRules,
    Paper,
    Procedure,
    RemoteSigner,
    SealRules,
    SignatureRules,
    Signer,
)
from profiles.serving import ServeRules
from profiles.work import BatchRules, Cap, Limits, MasterRules, QualityRules, Staff, TargetRules

__all__ = [
    "AnySigner",
    "BadProfile",
    "BatchRules",
    "Cap",
    "Component",
    "ComponentForm",
    "Credential",
    "Dated",
    "FieldRules",
    "LegalBasis",
    "Limits",
    "MasterRules",
    "Notice",
    "Office",
    "PageRules",
    "Paper",
    "Procedure",
    "QualityRules",
    "RemoteSigner",
    "SealRules",
    "ServeRules",
    "SignatureRules",
    "Signer",
    "Staff",
    "TargetRules",
    "UnknownProfile",
    "Webhook",
    "all_of",
    "check_file",
    "load_any",
    "load_basis",
    "load_form",
    "load_notice",
    "load_office",
    "load_paper",
    "load_procedure",
    "profile_folders",
]
