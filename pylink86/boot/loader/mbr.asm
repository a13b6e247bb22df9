; The first sector of the disk: reads the rest of the loader, which starts in the second sector.
; Room for a FAT parameter block at its start and for a partition table at its end.
%define ROOM_FOR_BPB
%define SERIAL
%define CODE_END 440                    ; then disk signature and partition table
%include "load.inc"

        jmp     0:__stage_entry

%include "end.inc"
