# What `cmake --install` puts where.
include(GNUInstallDirs)

# A program with its manual page and its completion, which it writes itself: they tell what --help tells.
function(volumen_install program)
  set(folder ${CMAKE_BINARY_DIR}/manual)
  file(MAKE_DIRECTORY ${folder})
  set(outputs)
  foreach(kind man bash zsh fish)
    set(output ${folder}/${program}.${kind})
    list(APPEND outputs ${output})
    list(APPEND commands COMMAND ${program} --manual ${kind} > ${output})
  endforeach()
  add_custom_command(OUTPUT ${outputs} ${commands} DEPENDS ${program} COMMENT "Writing the manual of ${program}" VERBATIM)
  add_custom_target(${program}-manual ALL DEPENDS ${outputs})
  install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${folder}/${program}.man DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 RENAME ${program}.1)
  install(FILES ${folder}/${program}.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${program})
  install(FILES ${folder}/${program}.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _${program})
  install(FILES ${folder}/${program}.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endfunction()

# The documents, as they lie in the source: their links to one another hold.
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES formats/FORMAT.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/formats)
install(FILES assets/THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/assets)
install(DIRECTORY assets/pictures DESTINATION ${CMAKE_INSTALL_DOCDIR}/assets)
