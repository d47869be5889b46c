# cpack: the Debian packages, one for each component that is installed.

# Who builds packages answers for them, by Debian's usual variables. Nobody has an
# address at example.org, which is for that.
set(maintainer "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
if("$ENV{DEBFULLNAME}" STREQUAL "" OR "$ENV{DEBEMAIL}" STREQUAL "")
    set(maintainer "The remex authors <remex@example.org>")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "${maintainer}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has one of its own
set(CPACK_OUTPUT_FILE_PREFIX ${PROJECT_SOURCE_DIR}/build/packages)
set(CPACK_COMPONENTS_ALL daemon cli library development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_SET_DESTDIR ON) # some of it goes to /etc, which is not below /usr
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/compress.cmake)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/client)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)

file(READ ${PROJECT_SOURCE_DIR}/docs/debian/changelog changelog)
string(REPLACE @MAINTAINER@ "${maintainer}" changelog "${changelog}")
file(CONFIGURE OUTPUT changelog CONTENT "${changelog}" @ONLY)

# package COMPONENT NAME DESCRIPTION: its first line is the short one.
function(package component name description)
    string(TOUPPER ${component} upper)
    set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name} PARENT_SCOPE)
    set(CPACK_DEBIAN_${upper}_DESCRIPTION "${description}" PARENT_SCOPE)
    install(FILES ${PROJECT_SOURCE_DIR}/docs/debian/copyright
        DESTINATION share/doc/${name} COMPONENT ${component} EXCLUDE_FROM_ALL)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/changelog
        DESTINATION share/doc/${name} RENAME changelog.Debian
        COMPONENT ${component} EXCLUDE_FROM_ALL)
    # Where the reasons are.
    file(READ ${PROJECT_SOURCE_DIR}/docs/debian/lintian-overrides overrides)
    if(EXISTS ${PROJECT_SOURCE_DIR}/docs/debian/${name}.lintian-overrides)
        file(READ ${PROJECT_SOURCE_DIR}/docs/debian/${name}.lintian-overrides
            own)
        string(APPEND overrides "${own}")
    endif()
    string(REPLACE @NAME@ ${name} overrides "${overrides}")
    file(CONFIGURE OUTPUT overrides/${name} CONTENT "${overrides}" @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/overrides/${name}
        DESTINATION share/lintian/overrides COMPONENT ${component}
        EXCLUDE_FROM_ALL)
endfunction()

package(daemon remexd "executor of remex, which runs processes for others
remexd runs programs for clients on this host and on others, keeps what each
of them says in a bounded log, and tells their exits. It is a service that
listens on a socket of this host only, until it is told otherwise.")
set(CPACK_DEBIAN_DAEMON_PACKAGE_DEPENDS
    "init-system-helpers (>= 1.54~), systemd | systemd-standalone-sysusers, \
systemd | systemd-standalone-tmpfiles")
set(CPACK_DEBIAN_DAEMON_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/executor/debian/conffiles
    ${PROJECT_SOURCE_DIR}/executor/debian/postinst
    ${PROJECT_SOURCE_DIR}/executor/debian/prerm
    ${PROJECT_SOURCE_DIR}/executor/debian/postrm)

package(cli remex "run processes on other hosts
The remex command runs programs by an executor, remexd, on this host or
another, follows what they say, signals them and tells how they ended.")
set(CPACK_DEBIAN_CLI_PACKAGE_RECOMMENDS remexd)
set(CPACK_COMPONENT_CLI_DEPENDS library)

package(library libremex0 "run processes on other hosts (library)
A program that uses libremex names a host and gets handles that behave like
children of its own: it feeds their stdin, follows their output, signals them
and learns exactly one true ending of each.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SUGGESTS remexd)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/client/debian/triggers)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")

package(development libremex-dev "run processes on other hosts (development)
What it takes to build programs that use libremex: headers, the static
library, files for pkg-config and CMake, manual pages of section 3, examples.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_RECOMMENDS
    "libprotobuf-c-dev, libssl-dev")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS remexd)
set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS library)

include(CPack)
