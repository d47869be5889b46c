# Run by cpack on what is about to be packed: as Debian wants it.

file(GLOB_RECURSE texts
    ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/man/*
    ${CPACK_TEMPORARY_DIRECTORY}/*/changelog.Debian)
if(texts)
    execute_process(COMMAND gzip -9n ${texts} COMMAND_ERROR_IS_FATAL ANY)
endif()

# cpack strips programs and shared libraries only.
file(GLOB_RECURSE archives ${CPACK_TEMPORARY_DIRECTORY}/*.a)
if(archives)
    execute_process(COMMAND strip --strip-debug ${archives}
        COMMAND_ERROR_IS_FATAL ANY)
endif()
