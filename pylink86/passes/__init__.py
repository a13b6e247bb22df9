"""The passes of a link, one decision each; `pylink86.linking` calls them in their order.

What a pass hands on to those behind it stands here; the passes themselves are in packages, in the
order of a link: inputs, reading, names, matching, keeping, editing, indexing, own, pie, ordering,
placing, segmenting, checking, relocating, finishing; and advice, about what was made."""
