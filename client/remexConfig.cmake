# find_package(remex): the target remex::remex, the shared library.
# find_package(remex COMPONENTS static): remex::static as well, which needs what
# remex was built with.

set(remex_static_FOUND TRUE)
set(missing)

foreach(component IN LISTS remex_FIND_COMPONENTS)
    if(NOT component STREQUAL static)
        set(remex_${component}_FOUND FALSE)
        set(missing "remex has no component '${component}', only 'static'")
        continue()
    endif()
    include(CMakeFindDependencyMacro)
    find_dependency(OpenSSL 3.0)
    find_dependency(PkgConfig)
    find_dependency(Threads)
    pkg_check_modules(protobuf_c REQUIRED IMPORTED_TARGET libprotobuf-c>=1.4)
    include(${CMAKE_CURRENT_LIST_DIR}/remexStatic.cmake)
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/remexShared.cmake)

foreach(component IN LISTS remex_FIND_COMPONENTS)
    if(remex_FIND_REQUIRED_${component} AND NOT remex_${component}_FOUND)
        set(remex_FOUND FALSE)
        set(remex_NOT_FOUND_MESSAGE "${missing}")
    endif()
endforeach()
